"""CLCA: dialogues played in the social scenes of a culture, and the intents behind their turns, learnt together.

After Liu, Korhonen, Gurevych (ACL 2025) and their published code. Stages, each shared by all that have equal parts:
``scenes`` (``generator`` rewrites them for the culture, as the paper has GPT-4 do; by default a lexicon fills them and
there is no such stage) -> ``roleplay`` (``generator`` speaks both parts) -> ``judge`` (``critic`` keeps or drops) ->
``intents`` (``generator`` as an expert of the culture) -> ``fit``. All prompts are ours. ``CLCA.PAPER`` says step by
step what is as published and what is ours.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, ClassVar

from alignbench.aligned import AlignedModel
from alignbench.component import Count, Maybe, NotNegative, OneOf, PositiveShare, Within, recorded
from alignbench.dialogue import Dialogue, TrainingText, whole
from alignbench.dialogue.adaptation import Adaptation, SceneRewriter
from alignbench.dialogue.general import Conversations, general_conversations
from alignbench.dialogue.intent import Flag, Intent, Intents, intent_view
from alignbench.dialogue.judging import DialogueCritic, SecondLook, Unread
from alignbench.dialogue.roleplay import RolePlay
from alignbench.dialogue.scenario import SIDES, load_lexicons, load_scenarios
from alignbench.judge.panel import RatingSource
from alignbench.method import Method, RunContext
from alignbench.steps.dialogues import JudgeDialogues, LabelIntents, Play, intents_of, kept
from alignbench.steps.guard import Guarded
from alignbench.steps.lessons import within
from alignbench.steps.paper import PaperStep
from alignbench.steps.practice import Fit, of_run
from alignbench.steps.scenes import Scenes, rewritten
from alignbench.store.stage import Tools
from alignbench.synthetic.tally import Tally
from alignbench.synthetic.texts import whole_sentences
from alignbench.training.recipe import TrainerKind
from alignbench.training.sft import ConversationRow, lengths, train_sft
from alignbench.types import Chat, check


class View(Enum):
    """What is learnt of a dialogue."""

    dialogue = "dialogue"  # to speak, from either side
    intent = "intent"  # to tell what each turn is for


@dataclass(frozen=True)
class CLCA(Method):
    """Knobs of all four stages. Defaults are for a small model on a CPU; published values stand next to them."""

    # What is learnt: both, or one of them (the paper's ablations).
    tasks: Annotated[tuple[View, ...], OneOf(*View)] = (View.dialogue, View.intent)
    # How many of our 126 scenarios; the paper has 193 to 225 for each culture, each played twice.
    scenarios: Annotated[int, Within(1, len(load_scenarios()))] = 10
    takes: Count = 1
    # False: names and things of no culture.
    adapted: bool = True
    # lexicon | generator: names and things of the culture filled in, or the scenes rewritten by a model (published).
    adaptation: Adaptation = Adaptation.lexicon
    # Tokens of a rewritten scene, and how often those are asked for that come out unusable (ours).
    scene_tokens: Count = 240
    scene_tries: Count = 2
    # A turn is a pair: one utterance of either speaker. Published: 10 turns (5 for China), at most 500 tokens an
    # utterance, top-p 0.7. The temperature is ours: the authors set none.
    max_turns: Count = 3
    max_new_tokens: Count = 40
    temperature: NotNegative = 1.0
    top_p: PositiveShare = 0.7
    # Dialogues of fewer utterances are dropped unread (ours).
    least_utterances: Count = 3
    # False keeps every dialogue that is long enough (the paper's ablation).
    filter: bool = True
    # Also drop dialogues that a culture guard is against (judge=guard; ours, after FanarGuard).
    guarded: bool = False
    # probability | words: in words is the paper's way, the critic states its verdicts and how sure it is.
    reading: RatingSource = RatingSource.probability
    # Probabilities from which a verdict counts as very confident, and as confident (ours).
    very_confident: PositiveShare = 0.9
    confident: PositiveShare = 0.7
    # kept | dropped: dialogues of which a verdict cannot be read, with method.reading=words.
    unread: Unread = Unread.kept
    # fit | overall: what the verdict after the criticism is about.
    second_look: SecondLook = SecondLook.fit
    # Tokens of the criticism before it, 200 in the authors' code, and of an intent, 500 there.
    critique_tokens: Maybe = 24
    intent_tokens: Count = 48
    # mention | verdict: how a culture-related intent is told from a generic one ([I]). The set of intents counts them;
    # they are learnt with method.training_text=played alone.
    flag: Flag = Flag.mention
    # published | played: what the conversations that are learnt from say besides what was spoken; played adds all that
    # the speaker was told (description of the country, goal, secret), and whether an intent is cultural.
    training_text: TrainingText = TrainingText.published
    # A file of general conversations that are learnt in place of dialogues, the paper's control (docs/methods.md).
    general: str | None = None
    # Nothing is trained on fewer dialogues (ours).
    least_dialogues: Count = recorded(2)
    # Passes over the rows where training.epochs sets none; published: 1 for Qwen, 3 for Llama and Mistral.
    epochs: Count = 1
    # In tokens; longer rows are dropped, where the authors' code cuts them.
    max_length: Count = 2048

    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep(
            "1a scenes adapted to the culture",
            "alignbench.steps.scenes.Rewrite",
            {"method.adapted": ("true", "true"), "method.adaptation": ("lexicon", "generator")},
            "from 126 scenes of ours (`method.scenarios`), where the paper has 193 to 225 a culture out of Sotopia",
        ),
        PaperStep("1b further scenes written from norms of Social Chemistry and Culture Atlas"),
        PaperStep(
            "2 profiles of the country in words",
            "alignbench.steps.scenes.profile",
            note="worded by us from the same two sources for every country that is in them; five countries there",
        ),
        PaperStep(
            "2 role-play by one model",
            "alignbench.dialogue.roleplay.RolePlay",
            {
                "method.takes": ("1", "2"),
                "method.max_turns": ("3", "10"),
                "method.max_new_tokens": ("40", "500"),
                "method.top_p": ("0.7", "0.7"),
            },
            "5 turns for China; words alone, where theirs may also act; each speaker reads a chat, where theirs read a "
            "history in one message; the temperature is ours, theirs that of the model's own settings [I]; clear "
            "faults (repetition, leaving the role, too few utterances) are dropped unread",
        ),
        PaperStep(
            "2 Llama-3.1-70B speaks",
            "alignbench.generator.base.BaseModel",
            note="the base model, or any other on any backend (`generator=`)",
        ),
        PaperStep(
            "3 verdicts on quality and culture, with confidence",
            "alignbench.dialogue.judging.DialogueCritic",
            {"method.filter": ("true", "true"), "method.reading": ("probability", "words")},
            "the critic sees setting and relation, theirs also background and goals of both",
        ),
        PaperStep(
            "3 second verdict after criticism, on the culture",
            "alignbench.dialogue.judging.SecondLook",
            {"method.second_look": ("fit", "fit"), "method.critique_tokens": ("24", "200")},
            "criticism comes before the verdict, in the authors' code after it",
        ),
        PaperStep(
            "3 dropped is what is very confidently bad; without a verdict it is kept",
            "alignbench.dialogue.judging.Review",
            {"method.unread": ("kept", "kept")},
        ),
        PaperStep(
            "3 GPT-4 judges",
            "alignbench.steps.dialogues.JudgeDialogues",
            note="the base model, or any other on any backend (`generator@critic=`)",
        ),
        PaperStep(
            "4 intents, tied to the culture where the labeller is sure",
            "alignbench.dialogue.intent.Intents",
            {"method.intent_tokens": ("48", "500")},
            "cut back to whole sentences, where the authors' code keeps all that was said; how cultural intents are "
            "told from generic ones (`method.flag`) is inferred",
        ),
        PaperStep("4 intents checked by people"),
        PaperStep(
            "5 what the conversations say",
            "alignbench.dialogue.TrainingText",
            {"method.training_text": ("published", "published")},
            "each view has its own speaker's part, where the authors' code has the other's; before the first words a "
            "line says that the other waits; a turn without an intent goes before the next one, theirs is learnt as "
            "unknown; utterances are cut back to whole sentences",
        ),
        PaperStep(
            "5 either side of a dialogue and its intents, one after the other",
            "alignbench.method.clca.LearnDialogues",
            {"method.tasks": ("[dialogue,intent]", "[dialogue,intent]"), "method.max_length": ("2048", "2048")},
            "longer rows are dropped, the authors' code cuts them",
        ),
        PaperStep(
            "5 QLoRA of rank 4, head and embeddings in full",
            "alignbench.training.sft.train_sft",
            {"training": ("cpu", "clca_paper"), "method.epochs": ("1", "3"), "seed": ("0", "42")},
            "4 bits where CUDA and bitsandbytes are there; 1 epoch for Qwen, a rate of 5e-5 for Mistral",
        ),
        PaperStep("One adapter of each culture", "alignbench.method.clca.CLCA.align"),
        PaperStep("Base model", "alignbench.backend.hf.HF", {"model": ("smollm2_135m", "llama3.1_8b")}),
        PaperStep(
            "Controls: general conversations in place of dialogues",
            "alignbench.dialogue.general.general_conversations",
            note="a file of yours (`method.general`); GSM8K, MathChat and dialogues about facts in the paper",
        ),
        PaperStep(
            "Evaluation: 44 questions, 1,000 respondents of each culture",
            "alignbench.protocols.recipe.ItemBlock",
            {"task.block": ("held_out", "social_values"), "task.respondents": ("20", "1000")},
            "`task=protocols` with `survey=wvs7_official`; drawn without replacement with `survey.weighted=false`, by "
            "weight else; most of the 44 lie in training batteries, which CLCA does not read",
        ),
        PaperStep(
            "Evaluation: twelve persona fields",
            "alignbench.data.people.FIELDS",
            {"task.persona": ("sentence", "fields")},
            "age in years, where theirs has six groups; fields that the survey lacks are left out and named",
        ),
        PaperStep(
            "Evaluation: greedy answers, read from the first line",
            "alignbench.protocols.interviews.option_written",
            {"task.answers": ("likeliest", "written"), "task.answer_tokens": ("16", "500")},
            "the options' own wording stands for the authors' table of words; weights are not in 4 bits",
        ),
        PaperStep(
            "Evaluation: KL divergence, exact match, JS distance",
            "alignbench.protocols.shares.crowd",
            {"task.kl_clca_compat": ("false", "true")},
            "the smoothing is unpublished (`task.epsilon`); the divergence of the authors' code is a row of its own",
        ),
        PaperStep(
            "Evaluation in the native language",
            "alignbench.steps.block.Translated",
            {"task.native": ("false", "false")},
            "`task.native=true`; our translations, where the paper has GPT-4's",
        ),
    )

    def _consistent(self) -> None:
        most = 2 * self.max_turns
        remedy = f"a dialogue of {self.max_turns} turns has at most {most} utterances"
        check(self.least_utterances <= most, "method.least_utterances", self.least_utterances, remedy)
        contrary = self.adaptation is Adaptation.generator and not self.adapted
        remedy = "scenes of no culture are not rewritten: leave it out, or say method.adapted=true"
        check(not contrary, "method.adaptation", self.adaptation.name, remedy)
        ordered = self.confident <= self.very_confident
        check(ordered, "method.confident", self.confident, "give a share not above method.very_confident")
        remedy = "general conversations come without intents: say 'method.tasks=[dialogue]'"
        check(self.general is None or self.tasks == (View.dialogue,), "method.general", self.general, remedy)

    def admit(self, context: RunContext) -> None:
        """Scenarios that are adapted by a lexicon need one of the culture; general conversations must be readable."""
        remedy = "only a culture guard reads dialogues: say judge=guard with a panel, or method.guarded=false"
        check(not self.guarded or isinstance(context.judge, Guarded), "method.guarded", self.guarded, remedy)
        if self.general is not None:
            general_conversations(Path(self.general))
            return
        culture, known = context.culture.name, sorted(load_lexicons())
        filled = self.adapted and self.adaptation is Adaptation.lexicon
        remedy = (
            "no lexicon to adapt scenarios by: use method.adaptation=generator with a generator that can write, "
            f"method.adapted=false, or one of {', '.join(known)}"
        )
        check(not filled or culture in known, "culture", culture, remedy)

    def align(self, context: RunContext) -> AlignedModel:
        """Set the scenes, play, judge, label, train."""
        roomy = context.training.with_knobs(max_prompt_tokens=self.max_length)
        trained = of_run(context, TrainerKind.sft, training=within(roomy, self.epochs))
        if self.general is not None:
            conversations = general_conversations(Path(self.general))
            general = LearnGeneral(conversations=conversations, max_length=self.max_length, **trained)
            return AlignedModel(context.model, general, notes=(conversations.note,))
        scenes = Scenes(self.scenarios, self.takes, self.adapted, context.seed)
        written = None
        if self.adaptation is Adaptation.generator:
            least = math.ceil(self.least_dialogues / self.takes)
            rewriting = SceneRewriter(self.scene_tries, self.scene_tokens, seed=context.seed)
            written = rewritten(scenes, context.culture, rewriting, context.generator, least)
        play = RolePlay(2 * self.max_turns, self.max_new_tokens, self.temperature, self.top_p, seed=context.seed)
        played = Play(scenes, written, context.culture.place, play, context.generator)
        judging = DialogueCritic(self.reading, critique_tokens=self.critique_tokens, second_look=self.second_look)
        if self.reading is RatingSource.probability:  # a critic who says how sure it is has no use for the two shares
            judging = judging.with_knobs(very_confident=self.very_confident, confident=self.confident)
        else:  # a probability can always be read
            judging = judging.with_knobs(unread=self.unread)
        judged = JudgeDialogues(
            played,
            self.least_utterances,
            judging=judging if self.filter else None,
            critic=context.critic if self.filter else None,
            judge=context.judge if self.guarded else None,
        )
        labelled, intents = None, Intents(self.intent_tokens, self.flag)
        if View.intent in self.tasks:
            labelled = LabelIntents(played, judged, intents, context.generator, self.least_dialogues)
        fit = LearnDialogues(
            played=played,
            judged=judged,
            labelled=labelled,
            spoken=View.dialogue in self.tasks,
            text=self.training_text,
            max_length=self.max_length,
            least=self.least_dialogues,
            **trained,
        )
        return AlignedModel(context.model, fit, notes=(self._note(context),))

    def _note(self, context: RunContext) -> str:
        """Who wrote and who judged."""
        writer, critic = context.generator.title, context.critic.title
        what = "Scenes, dialogues" if self.adaptation is Adaptation.generator else "Dialogues"
        judges = [*([critic] if self.filter else []), *(["a culture guard"] if self.guarded else [])]
        judged_by = f"judged by {' and '.join(judges) or 'nobody'}"
        return f"{what} and intents were written by {writer} and {judged_by}."


@dataclass(frozen=True, kw_only=True)
class LearnDialogues(Fit):
    """Supervised fine-tuning on whole dialogues and on their intents.

    Attributes:
        labelled: None learns no intents.
        spoken: whether to learn to speak, from either side.
        text: what the conversations say besides what was spoken.
    """

    played: Play
    judged: JudgeDialogues
    labelled: LabelIntents | None
    spoken: bool
    text: TrainingText
    max_length: int
    least: int = recorded(1)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter.

        Raises:
            AlignbenchError: fewer than ``least`` dialogues were kept, or no row is short enough.
        """
        dialogues = kept(self.played, self.judged, tools, self.least)
        intents = intents_of(self.labelled, tools) if self.labelled else {}
        facts = _learnt(self, folder, self._conversations(dialogues, intents), self.max_length)
        spoken = [turn.text for dialogue in dialogues.values() for turn in dialogue.turns if self.spoken]
        cut = sum(whole_sentences(text)[1] for text in spoken)
        said = f"{cut} of {len(spoken)} utterances were cut back to their last whole sentence before they were learnt."
        return {**facts, "cut": cut, "remarks": [said] if cut else []}

    def _conversations(
        self, dialogues: Mapping[int, Dialogue], intents: Mapping[int, Mapping[int, Intent]]
    ) -> list[tuple[Chat, str]]:
        """Three a dialogue, one after the other without a ratio: from either side, and its intents."""
        found = [whole(dialogue, side, self.text) for dialogue in dialogues.values() for side in SIDES if self.spoken]
        found += [intent_view(dialogues[i], of_turns, self.text) for i, of_turns in intents.items()]
        return [conversation for conversation in found if conversation]


@dataclass(frozen=True, kw_only=True)
class LearnGeneral(Fit):
    """Supervised fine-tuning on conversations about no culture, with nothing else changed."""

    conversations: Conversations
    max_length: int

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter.

        Raises:
            AlignbenchError: no conversation is short enough.
        """
        return _learnt(self, folder, self.conversations.rows, self.max_length)


def _learnt(fit: Fit, folder: Path, found: Sequence[tuple[Chat, str]], max_length: int) -> Mapping[str, Any]:
    """Train on whole conversations: the loss is on every turn that the model speaks. Longer ones are dropped."""
    rows = [ConversationRow(*conversation, every_turn=True) for conversation in found]
    tally, fitting = Tally("training rows"), []
    for row, length in zip(rows, lengths(fit.model, rows), strict=True):
        fault = None if length <= max_length else f"longer than {max_length} tokens"
        if tally.enter(row.reply, fault):
            fitting.append(row)
    tally.require(1, "method.max_length")
    return {"rows": tally.record(), **train_sft(fit.job(folder), fitting)}
