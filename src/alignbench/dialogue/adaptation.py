"""Scenes rewritten for a culture by a model: CLCA's first step as published (Liu, Korhonen, Gurevych, ACL 2025).

The model is told what is known of the country and a scene of no culture, and rewrites it: names, roles, place, and
what each of the two wants and hides. The paper has GPT-4 give JSON back; here it is seven lines. Prompts are ours.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from alignbench.backend import Engine
from alignbench.component import Component, Count, Seed
from alignbench.dialogue.ruling import disowned, garbled
from alignbench.dialogue.scenario import Scenario, Speaker
from alignbench.seeds import seed_of
from alignbench.synthetic.tally import Tally
from alignbench.synthetic.texts import conversation, words
from alignbench.types import Sampling

_PROMPT = "scene"
# As in the prompt, in its order.
_LABELS = (
    "Setting",
    "Person 1",
    "Person 1 wants to",
    "Person 1 hides that",
    "Person 2",
    "Person 2 wants to",
    "Person 2 hides that",
)
_LINES = [re.compile(rf"^\W*{label}\W*:[ \t*_]*(\S.*)$", re.IGNORECASE | re.MULTILINE) for label in _LABELS]


class Adaptation(Enum):
    """Who puts a scene among people of the culture."""

    lexicon = "lexicon"  # names and things of the culture are filled in (ours): nothing is generated
    generator = "generator"  # a model rewrites the scene: published


@dataclass(frozen=True)
class SceneRewriter(Component):
    """Knobs of the rewriting, all ours."""

    tries: Count = 2
    max_new_tokens: Count = 240
    temperature: float = 0.7
    top_p: float = 0.9
    seed: Seed = 0

    def rewrite(
        self, engine: Engine, scenes: Sequence[Scenario], country: str, profile: str, tally: Tally
    ) -> list[Scenario]:
        """The scenes that come back whole, in their order; one call to the engine a try, for those still missing.

        Args:
            scenes: filled with words of no culture.
            profile: what is known of the country in words; may be empty.
            tally: every text is entered into it.
        """
        found: dict[int, Scenario] = {}
        for attempt in range(self.tries):
            missing = [i for i in range(len(scenes)) if i not in found]
            if not missing:
                break
            chats = [conversation(_PROMPT, scene=scenes[i], country=country, profile=profile) for i in missing]
            seed = seed_of(self.seed, "scene", attempt)
            texts = engine.generate(chats, Sampling(self.max_new_tokens, self.temperature, self.top_p, seed=seed))
            for i, said in zip(missing, texts, strict=True):
                made = _read(said[0], scenes[i])
                if isinstance(made, Scenario):
                    found[i] = made
                    tally.keep()
                else:
                    tally.drop(made, said[0])
        return [found[i] for i in sorted(found)]


def _read(text: str, source: Scenario) -> Scenario | str:
    """The scene in a reply, or why it is none."""
    if (fault := disowned(text)) is not None:
        return fault
    lines = [line.search(text) for line in _LINES]
    if any(line is None for line in lines):
        return "a line is missing"
    setting, a, a_goal, a_secret, b, b_goal, b_secret = (line[1].strip(" \t*_") for line in lines if line)
    speakers = _speaker(a, a_goal, a_secret), _speaker(b, b_goal, b_secret)
    made = replace(source, setting=setting, a=speakers[0], b=speakers[1])
    return _fault(made, source) or made


def _speaker(line: str, goal: str, secret: str) -> Speaker:
    name, _, role = line.partition(",")
    return Speaker(name.strip(), role.strip(), goal.rstrip("."), secret.rstrip("."))


def _fault(made: Scenario, source: Scenario) -> str | None:
    names, told = {made.a.name, made.b.name}, {source.a.name, source.b.name}
    texts = [text for s in (made.a, made.b) for text in (s.name, s.role, s.goal, s.secret)]
    if not all(texts):
        return "a line is missing"
    whole = " ".join((made.setting, *texts))
    if garbled(whole) or set("{}") & set(whole):
        return "garbled"
    if len(names) < 2:
        return "one name for both"
    if names & told:
        return "a name of the scene that was to be rewritten"
    if words(made.setting) == words(source.setting):
        return "copies the setting"
    # A role-player who reads of people of other names does not know who is who.
    return None if all(name.split()[0] in made.setting for name in names) else "setting without the two"
