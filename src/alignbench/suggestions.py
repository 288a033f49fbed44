"""What a user may have meant by a choice that does not exist."""

import difflib
from collections.abc import Mapping, Sequence

# Group -> a word that people type there -> the choice that comes nearest.
MEANT: Mapping[str, Mapping[str, str]] = {
    "method": {
        "base": "none",
        "baseline": "none",
        "zero_shot": "none",
        "prompting": "cultural_prompt",
        "system_prompt": "cultural_prompt",
        "few_shot": "self_alignment",
        "icl": "self_alignment",
        "rag": "values_retrieval",
        "sft": "survey_sft",
        "finetune": "survey_sft",
        "fine_tuning": "survey_sft",
        "lora": "survey_sft",
        "dpo": "cnca_dpo",
        "cnca": "cnca_sft",
        "grpo": "culturerl",
        "ppo": "culturerl",
        "rl": "culturerl",
        "rlhf": "culturerl",
    },
    "model": {
        "tiny": "nano",
        "test": "nano",
        "gpt2": "smollm2_135m",
        "smollm": "smollm2_135m",
        "smollm2": "smollm2_135m",
        "llama": "llama3.1_8b",
        "llama3": "llama3.1_8b",
        "mistral": "mistral_7b_v0.3",
        "qwen": "qwen2.5_0.5b",
        "qwen2.5": "qwen2.5_0.5b",
        "qwen3": "qwen3_0.6b",
    },
    "task": {
        "eval": "run",
        "evaluate": "run",
        "train": "run",
        "fit": "run",
        "score": "run",
        "check": "doctor",
        "test": "doctor",
        "dry_run": "plan",
        "board": "report",
        "results": "report",
        "prompt": "show",
        "survey": "items",
        "questions": "items",
        "push": "export",
        "wandb": "track",
    },
    "backend": {"huggingface": "hf", "transformers": "hf", "api": "server", "openai": "server"},
    "survey": {"wvs": "wvs7", "aoi": "aoi2022", "own": "table", "csv": "table"},
    "generator": {"gpt": "api", "openai": "api", "self": "base"},
    "judge": {"gpt": "llm", "model": "llm", "embedder": "embedding"},
}


def suggestion(group: str, value: str, options: Sequence[str]) -> str:
    """A question that names the likeliest of ``options``, or all of them."""
    meant = MEANT.get(group, {}).get(value.casefold().replace("-", "_"))
    near = [meant] if meant in options else difflib.get_close_matches(value, options, n=3)
    question = f"did you mean {', '.join(map(str, near))}?" if near else f"choose one of {', '.join(options)}"
    further = " Any other chat model: model=local model.path=FOLDER_OR_HUB_ID" if group == "model" else ""
    return f"{question}{further}"
