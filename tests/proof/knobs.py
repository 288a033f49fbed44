"""In which cell each component is used, what must be said of its knobs there, and what is not tried.

What is not said here, :mod:`tests.proof.trials` finds by looking at the classes.
"""

from alignbench.training.recipe import TrainerKind

# A cell of the planted world that takes seconds: what all trials start from.
QUICK = (
    "model=nano culture=iraq control=false scoring.bootstrap=100 training.updates=2 training.checkpoint_every=1 "
    "training.prompts_per_update=4 training.option_generations=8 training.generations=2 training.max_new_tokens=24 "
    "training.patience_zero_variance=50 ~method@baselines.cultural_prompt"
).split()
# A word of ours: who writes and judges is tests/proof/writer.py; "scripted.critic=1" gives the critic another voice.
SCRIPTED = "scripted"
CNCA = ("method.items=12", "method.thought_tokens=8")
CLCA = ("method=clca", SCRIPTED, "method.least_dialogues=1", "method.max_turns=2", "method.scenarios=12")
PARK = ("method=culturepark", SCRIPTED, "method.verify=none", "method.least=1", "method.count=4")
LLM = ("method=culturellm", SCRIPTED, "method.similarity=-1", "method.least=1", "method.count=6")
SPA = ("method=culturespa", SCRIPTED, "method.least=1", "method.generated=2", "method.copy=1", "method.near=-1")
TOLD = ("method=narrative_sft", SCRIPTED, "method.least=1", "method.count=3")
HYPER = ("method=zhyper", "method.cultures=[IRQ,CHN,USA]")
HEARD = ("method.verify=judge", "judge.related_cut=0.0", "judge.margin=0.0")
VERDICT = ("method=survey_rl", "method.reward=verdict")
PAID = (*VERDICT, "training.prompts_per_update=32", "training.updates=4", "insist=true")
# Graded, so that replies of the tiny model differ in what they earn.
OPEN = ("method=culturerl", "method.wordings=template", "method.reward=score")
# Two scripts rate, on which no guard could agree.
GUARDED = ("judge=guard", "generator@judge.second=stock", "insist=true", SCRIPTED)
RULED = ("method=culturerl", "method.wordings=template", "judge=llm", SCRIPTED, "insist=true")

# The form of the questions in which options are listed, so that people can be counted for them.
FULL = ("scoring.style=full", "scoring.orders=both", "scoring.labels=auto")

# Methods that practise against norms -> a cell of them; judges that grade -> their choice.
NORMED = {"CultureRL": OPEN, "SurveyRL": ("method=survey_rl",)}
GRADED = {"BlendJudge": "blend", "EmbeddingJudge": "embedding", "LikelihoodJudge": "likelihood"}
# Class -> a cell that uses it.
USED: dict[str, tuple[str, ...]] = {
    "CLCA": CLCA,
    "CNCADPO": ("method=cnca_dpo", *CNCA),
    "CNCASFT": ("method=cnca_sft", *CNCA),
    "CulturalPrompt": ("method=cultural_prompt",),
    "CultureLLM": LLM,
    "CulturePark": PARK,
    "CultureRL": OPEN,
    "CultureSPA": SPA,
    "GDPO": ("method=gdpo",),
    "NarrativeSFT": TOLD,
    "NoMethod": ("method=none",),
    "Steering": ("method=steering",),
    "PersonaMixture": ("method=persona_mixture", "method.personas=6", "method.items=6"),
    "Prompting": ("method=prompt",),
    "SubPOP": ("method=subpop",),
    "SurveyDPO": ("method=survey_dpo",),
    "SurveyRL": ("method=survey_rl",),
    "SurveySFT": ("method=survey_sft",),
    "Zhyper": HYPER,
    "BlendJudge": (*PAID, "judge=blend"),
    "EmbeddingJudge": (*PAID, "judge=embedding"),
    "LikelihoodJudge": (*PAID, "judge=likelihood"),
    "LLMJudge": (*PAID, "judge=llm", SCRIPTED),
    "GuardJudge": ("method=survey_rl", *GUARDED),
    "TemplateAuthor": ("method=cnca_incontext", "method.norms_per_topic=3"),
    "LLMAuthor": ("method=cnca_incontext", "author=llm", "author.least=0", SCRIPTED),
    "BaseModel": ("method=culturespa", "method.least=1", "method.generated=1"),
    "Stock": ("method=clca", "generator=stock", "generator@critic=stock", "method.least_dialogues=1"),
    "MiniLM": ("method=self_alignment",),
    "Scoring": ("method=none",),
    "PlantedWorld": ("method=survey_sft",),
    "Model": ("method=none",),
    "HF": ("method=none",),
}
# <class>.<knob> -> further words without which the knob has nothing to do; those that name a method stand alone.
ACTIVE: dict[str, tuple[str, ...]] = {
    "CLCA.epochs": ("training.updates=30",),
    "CultureSPA.passes": ("training.updates=30",),
    "CultureSPA.similar": ("method.elicited=cross_culture",),
    "CulturePark.passes": ("training.updates=30",),
    "CLCA.adapted": ("method.adaptation=lexicon",),
    "CLCA.scene_tokens": ("method.adaptation=generator",),
    "CLCA.scene_tries": ("method.adaptation=generator",),
    "CLCA.very_confident": ("method.reading=probability",),
    "CLCA.confident": ("method.reading=probability",),
    "CLCA.unread": ("method.reading=words",),
    "CLCA.flag": ("method.training_text=played",),
    "CLCA.guarded": (*GUARDED[:-1], "judge.combine=veto", "judge.floor=3.35"),
    "GuardJudge.rating_tokens": ("judge.reading=words",),
    "GuardJudge.hidden": ("judge.head=layers",),
    "GuardJudge.weight": ("judge.combine=weighted",),
    "GuardJudge.floor": ("judge.combine=veto",),
    "GuardJudge.margin": (*PAID, *GUARDED),
    "CultureLLM.words": ("method.variant=full",),
    **{f"{kind}.pool_size": ("method.pool_items=varying",) for kind in NORMED},
    **{f"{kind}.pool_items": ("method.pool_size=20",) for kind in NORMED},
    **{f"{judge}.spread": (*OPEN, f"judge={name}", "insist=true") for judge, name in GRADED.items()},
    "CultureRL.wordings": (SCRIPTED,),
    "BlendJudge.related_cut": (*PARK, *HEARD, "judge=blend"),
    "EmbeddingJudge.related_cut": (*PARK, *HEARD, "judge=embedding"),
    "LikelihoodJudge.margin": (*PARK, *HEARD, "judge=likelihood"),
    "LikelihoodJudge.related_cut": (*PARK, *HEARD, "judge=likelihood"),
    **{f"{kind}.min_cluster_size": ("method.clustering=umap_hdbscan",) for kind in NORMED},
    "SurveyRL.target_entropy": ("method.reward=entropy",),
    "SurveyRL.clustering": ("training.prompts_per_update=32", "training.updates=4"),
    **{
        f"{kind}.joint": ("method.told=always",)
        for kind in ("GDPO", "NarrativeSFT", "SurveyDPO", "SurveyRL", "SurveySFT")
    },
    "Model.terms": ("model.accept_licence=true",),
    "NarrativeSFT.writer": ("method.narratives=encyclopaedic",),
    "CulturePark.most_words": ("method.extract=sentences",),
    "Prompting.personas": ("method.blocks=[persona]",),
    "Prompting.persona": ("method.blocks=[persona]",),
    "Prompting.similar": ("method.blocks=[comparison]",),
    "Prompting.neighbours": ("method.blocks=[neighbours]",),
    "Prompting.retrieved": ("method.blocks=[retrieved]",),
    "Prompting.mining": ("method.blocks=[norms]", "author=llm", "author.least=0", SCRIPTED),
    "Prompting.norms_per_topic": ("method.blocks=[norms]",),
    "Prompting.named": ("method.blocks=[norms]",),
    "Prompting.native": ("method.blocks=[country]", "culture=china", "survey=wvs7"),
    "Prompting.chains": ("method.reasoning=true",),
    "Prompting.thought_tokens": ("method.reasoning=true",),
    "Prompting.temperature": ("method.reasoning=true",),
    "Prompting.top_p": ("method.reasoning=true",),
    "Scoring.divide_prior": ("scoring.elicit=text", "scoring.style=full", "scoring.orders=both"),
    "Scoring.checkpoints_on_test": ("method=survey_sft", "training.keep_checkpoints=true"),
    "Scoring.labels": ("scoring.style=full",),
    "Scoring.elicit": ("scoring.style=full",),
    "Scoring.samples": ("scoring.elicit=sampled",),
    "Scoring.sample_seed": ("scoring.elicit=sampled",),
    "Scoring.tolerance": ("scoring.elicit=verbalised", *FULL),
    "Scoring.reply_tokens": ("method=cultural_prompt", "scoring.elicit=verbalised", *FULL),
    "Scoring.formats": ("scoring.style=full",),
    "Scoring.orders": ("scoring.style=full",),
    "PlantedWorld.respondents": ("survey.figures=sample",),
    "PlantedWorld.sample_seed": ("survey.figures=sample",),
}
# <class>.<knob> -> another value, where the rule below gives none that is allowed.
VALUES: dict[str, str] = {
    "CLCA.tasks": "[dialogue]",
    "CLCA.very_confident": "0.8",
    "CLCA.reading": "words",
    "CNCADPO.effort": "1",
    "CNCASFT.effort": "1",
    "CulturePark.answer": "mean",
    "CulturePark.most_words": "10",
    "CulturePark.most_words [rewritten]": "25",
    "EmbeddingJudge.question_weight [scores]": "0.0",
    "EmbeddingJudge.question_weight [opinions]": "0.7",
    "CulturePark.passes": "1",
    **{f"{judge}.question_weight": "1.0" for judge in ("BlendJudge", "EmbeddingJudge", "LikelihoodJudge")},
    "EmbeddingJudge.related_cut": "0.12",
    "BlendJudge.related_cut": "0.12",
    "LikelihoodJudge.related_cut": "0.12",
    "CulturePark.verify": "critic",
    "Scoring.labels": "letters",
    "GuardJudge.prompts": "20",
    "GuardJudge.floor": "3.5",
    "GuardJudge.margin": "0.0",
    "CLCA.temperature": "0.5",
    "CLCA.top_p": "0.5",
    "CLCA.max_turns": "3",
    "CLCA.least_utterances": "4",
    "CLCA.scene_tries": "1",
    "CLCA.adaptation": "generator",
    "CNCADPO.mining": "tq_ra",
    "CNCASFT.mining": "tq_ra",
    "CulturalPrompt.wordings": "3",
    "CultureLLM.tries": "1",
    "CultureLLM.joint": "[CHN]",
    "CultureLLM.similarity": "0.95",
    "CultureLLM.answer": "mean",
    **{f"{kind}.joint": "[CHN]" for kind in NORMED},
    "LikelihoodJudge.margin": "2.0",
    **{f"{kind}.pool_size": "20" for kind in NORMED},
    **{f"{kind}.clusters": "3" for kind in NORMED},
    "CultureRL.reward": "verdict",
    "CultureRL.wordings": "generator",
    "CultureRL.prompts": "200",
    "CultureSPA.copy": "0.25",
    "CultureSPA.joint": "[CHN]",
    "CultureSPA.near": "0.5",
    "Prompting.blocks": "[guidance]",
    "PersonaMixture.penalties": "[0.9]",
    "PersonaMixture.personas": "4",
    "PersonaMixture.items": "4",
    "Steering.depths": "[0.9]",
    "Steering.strengths": "[3.0]",
    **{f"{kind}.joint": "[CHN]" for kind in ("GDPO", "NarrativeSFT", "SurveyDPO", "SurveySFT")},
    "NarrativeSFT.narratives": "scenario",
    "NarrativeSFT.writer": "statements",
    "NarrativeSFT.tokens": "9",
    "SubPOP.styles": "[bio]",
    "SubPOP.ages": "[40]",
    "SubPOP.least": "900",
    "SubPOP.without": "[woman]",
    "Zhyper.cultures": "[IRQ,CHN]",
    "Training.lora_targets": "[q_proj]",
    "Training.full_modules": "[lm_head]",
    "Training.schedule": "constant",
    "Training.loss_type": "grpo",
    "Training.scale_rewards": "group",
    "Training.dtype": "bfloat16",
    "Training.weights": "full",
    "Training.warmup": "0.5",
    "Training.top_k": "1",
    "Training.epochs": "1",
    **{f"Training.epochs [{kind}]": "2" for kind in ("clca", "culturespa")},
    "Training.max_grad_norm": "0.001",
    "Training.generations": "4",
    "Training.advantage_clip": "0.1",
    "Training.checkpoint_every": "4",
    "Training.kl_beta": "0.5",
    "Training.lora_dropout": "0.5",
    "Training.max_new_tokens": "12",
    "Training.micro_batch": "2",
    "Training.micro_tokens": "200",
    "Training.probability_floor": "0.3",
    "Training.prompts_per_update": "8",
    "Training.top_p": "0.5",
    **{f"{kind}.pool_items": "train" for kind in NORMED},
    "Prompting.thought_tokens": "3",
    "Prompting.native": "true",
    "CLCA.max_new_tokens": "12",
    "CLCA.max_length": "700",
    "CLCA.critique_tokens": "4",
    "CLCA.intent_tokens": "6",
    "Scoring.formats": "[letters]",
    "Scoring.split": "train",
    "Scoring.confidence": "0.8",
    "Scoring.style": "full",
    "Scoring.orders": "both",
    "Scoring.elicit": "text",
    "Scoring.reply_tokens": "3",
    "Scoring.samples": "6",
    "PlantedWorld.countries": "12",
    "PlantedWorld.items_per_battery": "3",
    "PlantedWorld.questions": "1",
    "Model.dtype": "bfloat16",
    **{f"Model.{knob}": "other" for knob in ("name", "licence", "terms", "citation")},
    "HF.device": "cpu",
    "MiniLM.device": "cpu",
}
# <class>.<knob> -> cell -> words: further cells with a use for the knob.
FURTHER: dict[str, dict[str, tuple[str, ...]]] = {
    "EmbeddingJudge.margin": {"opinions": (*PARK, *HEARD)},
    "EmbeddingJudge.question_weight": {"opinions": (*PARK, *HEARD), "scores": ("method=survey_rl", *PAID[2:])},
    "CLCA.flag": {"published": CLCA},
    "CulturePark.turn_tokens": {"listed": (*PARK, "method.extract=model")},
    "CulturePark.most_words": {"rewritten": (*PARK, "method.verify=critic")},
    "Training.epochs": {
        **{kind: (*words, "training.updates=30") for kind, words in (("culturellm", LLM), ("culturespa", SPA))},
        **{kind: (*words, "training.updates=60") for kind, words in (("clca", CLCA), ("culturepark", PARK))},
        "started": (*OPEN, "method.warm_start=survey", "training.updates=12", "training.prompts_per_update=16"),
    },
    "Scoring.elicit": {"trained": ("method=survey_sft", "scoring.style=full", "scoring.orders=balanced")},
    "Scoring.labels": {"trained": ("method=survey_sft", "scoring.style=full")},
    "Scoring.style": {"trained": ("method=survey_sft",)},
    "Model.dtype": {"trained": ("method=survey_sft", "training.weights=full"), "open": OPEN},
}
# <class>.<knob> -> cell -> words: cells in which the knob is idle, so that no key may hold it.
NOTHING: dict[str, dict[str, tuple[str, ...]]] = {
    **{f"CLCA.{knob}": {"words": (*CLCA, "method.reading=words")} for knob in ("very_confident", "confident")},
    **{
        f"CLCA.{knob}": {"unfiltered": (*CLCA, "method.filter=false")}
        for knob in ("reading", "critique_tokens", "second_look")
    },
    "CLCA.unread": {"probabilities": CLCA},
    **{
        f"GuardJudge.{knob}": {"defaults": ("method=survey_rl", *GUARDED)}
        for knob in ("rating_tokens", "hidden", "weight", "floor")
    },
    "GuardJudge.reply_tokens": {"unwritten": ("method=survey_rl", *GUARDED, "judge.replies=0")},
    **{f"CLCA.{knob}": {"lexicon": CLCA} for knob in ("scene_tokens", "scene_tries")},
    **{f"CLCA.{knob}": {"spoken": (*CLCA, "method.tasks=[dialogue]")} for knob in ("flag", "intent_tokens")},
    **{
        f"{kind}.passes": {"epochs": (*words, "training.epochs=2")}
        for kind, words in (("CulturePark", PARK), ("CultureSPA", SPA))
    },
    "CLCA.epochs": {"epochs": (*CLCA, "training.epochs=2")},
    **{
        f"CultureLLM.{knob}": {"seeds": (*LLM, "method.variant=seed_only")}
        for knob in ("paraphrases", "tries", "similarity", "wordings", "words", "synonyms", "temperature", "top_p")
    },
    **{
        f"NarrativeSFT.{knob}": {"unwritten": (*TOLD, "method.narratives=none")}
        for knob in ("writer", "count", "norms", "tokens", "temperature", "top_p")
    },
    **{
        f"CultureSPA.{knob}": {"unwritten": (*SPA, "method.generated=0")}
        for knob in ("shown", "copy", "near", "temperature", "top_p")
    },
    **{f"{kind}.pool_size": {"train": (*words, "method.pool_items=train")} for kind, words in NORMED.items()},
    **{
        f"{kind}.{knob}": {"density": (*words, "method.clustering=umap_hdbscan")}
        for kind, words in NORMED.items()
        for knob in ("clusters", "cluster_seed")
    },
    **{f"{kind}.min_cluster_size": {"kmeans": words} for kind, words in NORMED.items()},
    "SurveyRL.target_entropy": {"support": ("method=survey_rl",)},
    "CultureRL.own_norm": {"ruleless": (*RULED, "method.retrieval=none")},
    **{f"{judge}.related_cut": {"fitted": (*VERDICT, f"judge={name}")} for judge, name in GRADED.items()},
    **{
        f"{judge}.spread": {"single": (*VERDICT, f"judge={name}"), "opinions": (*PARK, *HEARD, f"judge={name}")}
        for judge, name in GRADED.items()
    },
    **{
        f"Prompting.{knob}": {"country": ("method=prompt",)}
        for knob in (
            "personas",
            "persona",
            "similar",
            "neighbours",
            "retrieved",
            "mining",
            "norms_per_topic",
            "named",
            "chains",
            "thought_tokens",
            "temperature",
            "top_p",
        )
    },
    **{
        f"Scoring.{knob}": {"label": ("method=none",)}
        for knob in ("divide_prior", "samples", "sample_seed", "tolerance", "reply_tokens")
    },
    **{
        f"Zhyper.{knob}": {form: (*HYPER, f"method.form={form}") for form in forms}
        for knob, forms in {
            "description": ("one_hot", "multi_task", "per_culture"),
            "centred": ("one_hot", "multi_task"),
            "latent": ("multi_task", "per_culture"),
            "width": ("multi_task",),
        }.items()
    },
    "TemplateAuthor.cluster_seed": {"items": ("method=cnca_sft", *CNCA)},
    "PlantedWorld.respondents": {"truth": ("method=survey_sft",)},
    "PlantedWorld.sample_seed": {"truth": ("method=survey_sft",)},
    "Training.probability_floor": {"verdict": VERDICT},
}
# Trainer -> a cell that trains by it alone.
TRAINERS: dict[TrainerKind, tuple[str, ...]] = {
    TrainerKind.options_sft: ("method=survey_sft",),
    TrainerKind.options_grpo: VERDICT,
    TrainerKind.options_dpo: ("method=survey_dpo",),
    TrainerKind.sft: ("method=cnca_sft", *CNCA, "method.effort=1", "method.asked_chains=0"),
    TrainerKind.dpo: ("method=cnca_dpo", *CNCA, "method.effort=1", "method.asked_chains=0"),
    TrainerKind.grpo: OPEN,
}
# A training whose last checkpoint is not its best.
WILD = ("training.updates=4", "training.learning_rate=0.3", "training.schedule=constant")
# The same for chains that are learnt: there the fourth update happens to be the best.
SHORTER = (*WILD, "training.updates=3")
# Knob of the training -> words without which it has nothing to do, whoever trains, or for one trainer.
TRAINED: dict[str, tuple[str, ...]] = {
    "checkpoint_every": ("training.select=validation", *WILD),
    "checkpoint_every [sft]": ("training.select=validation", *SHORTER),
    "select": WILD,
    "select [sft]": SHORTER,
    "epochs": ("training.updates=12", "training.prompts_per_update=16"),
    "epochs [grpo]": ("training.updates=3", "training.prompts_per_update=16", "method.prompts=20"),
    "invalid_reward": ("training.option_generations=2000",),
    "probability_floor": ("method.reward=support",),
}
# <class>.<knob> that this machine cannot try, and why; the tests of their rooms try what they can.
ELSEWHERE: dict[str, str] = {
    "Training.vllm": "needs CUDA",
    "Training.quantise": "needs CUDA and bitsandbytes",
    "Model.path": "is another model: test_models.py",
    "Model.revision": "is for models of a hub",
    "Model.template": "is for base models, which have none: tests/backend/test_declared.py",
    "Model.thinking": "is for templates with a switch: test_models.py",
    "Model.default_system": "is for templates with a system text of their own: tests/backend/test_families.py",
    "Model.today": "is for templates that tell the date: tests/backend/test_render.py",
    "CLCA.general": "is a file of the user's: tests/method/test_clca.py",
    "NarrativeSFT.texts": "is a file of the user's: tests/method/test_narrative_sft.py",
    "LLMAuthor.generator": "is a component: SLOTS",
    "LLMJudge.generator": "is a component: SLOTS",
    **dict.fromkeys(("GuardJudge.first", "GuardJudge.second"), "is a component: SLOTS"),
    "BaseModel.place": "is for messages",
    "Stock.place": "is for messages",
}
# Name of a trial whose change is in a key and changes nothing there, and why it may still change something elsewhere.
IDLE: dict[str, str] = {
    "Scoring.tolerance": "the tiny model grew up on the short form and writes no people out of 100, near or far",
    "CLCA.flag [published]": "it is counted in the set of intents, and learnt only with method.training_text=played",
    **dict.fromkeys(("BaseModel.lost_share", "Stock.lost_share"), "no engine of this machine loses a request"),
}
# Name of a trial whose change is in the key of a training and not in its weights, and why it may be in them elsewhere.
SAME_WEIGHTS: dict[str, str] = {
    "GuardJudge.tolerance": "it decides what is refused, and insist goes on",
    "EmbeddingJudge.question_weight [scores]": "it shifts all scores of a target alike, which leaves the target; "
    "which norm an answer is about is plain in this world's wordings",
    "PlantedWorld.countries": "a survey is one input, by its content: of it this training reads its own country",
    "Model.dtype [open]": "a model is one input: LoRA is trained in training.dtype and served in model.dtype",
}
# <class>.<knob> that is in no key though it moves the last bits: sums are taken in another order.
ROUNDING = {"Training.micro_batch", "Training.micro_tokens", "Training.gradient_checkpointing"}
ROUNDING |= {"HF.batch_tokens", "HF.past", "MiniLM.batch_size"}
