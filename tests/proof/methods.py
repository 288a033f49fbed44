"""A cell of every method, for what holds of all: the slots that it uses, the seed, the culture's adjective."""

from __future__ import annotations

from tests.proof.knobs import CLCA, CNCA, GUARDED, HYPER, LLM, PAID, PARK, RULED, SCRIPTED, SPA, TOLD

# Method -> a cell of it, and the slots beside it that it uses.
METHODS: dict[str, tuple[tuple[str, ...], str]] = {
    "none": (("method=none",), ""),
    "cultural_prompt": (("method=cultural_prompt",), ""),
    "persona": (("method=persona",), ""),
    "self_alignment": (("method=self_alignment",), ""),
    "steering": (("method=steering",), ""),
    "persona_mixture": (("method=persona_mixture", "method.personas=6", "method.items=6"), ""),
    "values_retrieval": (("method=values_retrieval",), ""),
    "cnca_incontext": (("method=cnca_incontext", "method.thought_tokens=8", "author=llm", SCRIPTED), "author"),
    "survey_sft": (("method=survey_sft", SCRIPTED), ""),
    "gdpo": (("method=gdpo", SCRIPTED), ""),
    "subpop": (("method=subpop", SCRIPTED), ""),
    "survey_dpo": (("method=survey_dpo", SCRIPTED), ""),
    "zhyper": ((*HYPER, SCRIPTED), ""),
    "survey_rl": ((*PAID, "judge=llm", SCRIPTED), "judge"),
    "survey_rl, guarded": (("method=survey_rl", *GUARDED), "generator judge"),
    "culturerl": ((*RULED, "method.wordings=generator"), "generator judge"),
    "narrative_sft": ((*TOLD, "method.survey=false"), "generator"),
    "culturellm": (LLM, "generator"),
    "culturepark": (PARK, "generator"),
    "culturepark, verified": ((*PARK, "method.verify=critic"), "generator critic"),
    "culturepark, judged": ((*PARK, "method.verify=judge", "judge=llm"), "generator judge"),
    "culturespa": (SPA, "generator"),
    "clca": (CLCA, "generator critic"),
    "clca, unfiltered": ((*CLCA, "method.filter=false"), "generator"),
    "cnca_sft": (("method=cnca_sft", *CNCA, "author=llm", SCRIPTED), "author"),
    "cnca_dpo": (("method=cnca_dpo", *CNCA, "author=llm", SCRIPTED), "author"),
}
SLOTS = ("generator", "critic", "author", "judge")
# Which of these a seed may not change: they draw nothing.
DRAWLESS = {"none", "cultural_prompt", "self_alignment", "steering"}
# Which tell the model who it is by the culture's adjective.
ADJECTIVE = {"cultural_prompt"}
