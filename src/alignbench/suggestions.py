"""What a user may have meant by a choice that does not exist."""

import difflib
import re
from collections.abc import Mapping, Sequence

from hydra.core.override_parser.types import Override

from alignbench.types import check

# Group -> choice -> words that people type for it.
MEANT: Mapping[str, Mapping[str, str]] = {
    "method": {
        "none": "base baseline zero_shot",
        "cultural_prompt": "prompting system_prompt",
        "self_alignment": "few_shot icl",
        "values_retrieval": "rag",
        "steering": "caa activation_addition representation_engineering repe",
        "survey_sft": "sft finetune fine_tuning lora",
        "survey_dpo": "dpo",
        "cnca_sft": "cnca",
        "culturerl": "grpo ppo rl rlhf",
        "survey_rl": "option_rl",
        "zhyper": "hypernetwork hyper text_to_lora",
    },
    "model": {
        "nano": "tiny test",
        "smollm2_135m": "gpt2 smollm smollm2",
        "gemma3_270m": "gemma gemma3",
        "llama3.1_8b": "llama llama3",
        "mistral_7b_v0.3": "mistral",
        "qwen2.5_0.5b": "qwen qwen2.5",
        "qwen3_0.6b": "qwen3",
        "deepseek_r1_1.5b": "deepseek r1 deepseek_r1",
    },
    "task": {
        "run": "eval evaluate train fit score",
        "doctor": "check test",
        "probe": "probing screen",
        "plan": "dry_run",
        "report": "board results",
        "show": "prompt",
        "items": "survey questions",
        "export": "push",
        "track": "wandb",
    },
    "backend": {"hf": "huggingface transformers", "server": "api openai"},
    "survey": {"wvs7": "wvs", "aoi2022": "aoi", "table": "own csv"},
    "generator": {"api": "gpt openai", "base": "self"},
    "judge": {"llm": "gpt model", "embedding": "embedder"},
}

# Words of earlier versions: the pattern of what was typed, what stands there today, and what to say. Only words that
# are not understood are looked up, so that a user's own choice of an old name stays.
_FORMER = (
    ("extra", "benchmark", "extra is now called benchmark"),
    (r"(benchmark|scoring)\.answer", "scoring.elicit", "how an answer is taken is now scoring.elicit"),
    (
        r"benchmark(?==(survey|compact)\b|\.(orders|labels|divide_prior|style|formats|split|js_base|js_sqrt|"
        r"bootstrap|bootstrap_seed|confidence|ceiling_n|chunk)\b)",
        "scoring",
        "how the survey is scored is now the group scoring",
    ),
    (
        r"method(?=\.(reward=(entropy|support)|target_entropy=))",
        "method=survey_rl method",
        "survey questions are practised by method=survey_rl now",
    ),
    (
        r"method(?=\.prompts=(survey|open|mix)\b)",
        "without method",
        "survey questions are practised by method=survey_rl now, and open ones alone by method=culturerl",
    ),
)


def suggestion(group: str, value: str, options: Sequence[str]) -> str:
    """A question that names the likeliest of ``options``, or all of them."""
    typed = value.casefold().replace("-", "_")
    meant = [choice for choice, words in MEANT.get(group, {}).items() if typed in words.split() and choice in options]
    near = meant or difflib.get_close_matches(value, options, n=3)
    question = f"did you mean {', '.join(map(str, near))}?" if near else f"choose one of {', '.join(options)}"
    further = " Any other chat model: model=local model.path=FOLDER_OR_HUB_ID" if group == "model" else ""
    return f"{question}{further}"


def key_of(override: Override) -> str:
    """The override's left side, as typed."""
    return (str(override.key_or_group) or "the command line") + (f"@{override.package}" if override.package else "")


def refuse_former(override: Override) -> None:
    """Name the words of today where the override is one of an earlier version."""
    word = str(override.input_line)
    for old, new, change in _FORMER:
        today = re.sub(rf"^(\w+@)?{old}(?=[.=])", rf"\g<1>{new}", word)
        check(today == word, key_of(override), word.partition("=")[2], f"{change}: {today}")
