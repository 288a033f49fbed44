"""Scenes rewritten by a model: what comes back whole is a scene of the culture, anything else is dropped by name."""

from __future__ import annotations

import pytest

from alignbench.dialogue.adaptation import SceneRewriter
from alignbench.dialogue.scenario import load_scenarios, unadapted
from alignbench.steps.scenes import scene_rows, scenes_of
from alignbench.synthetic.tally import Tally

from .stage import Stage

SCENES = [unadapted(scenario, 0) for scenario in load_scenarios()[:3]]
LINES = {
    "Setting": "Lan waits for Đức at the ferry in Cần Thơ before the new year.",
    "Person 1": "Lan, the younger sister, a teacher",
    "Person 1 wants to": "sell the orchard.",
    "Person 1 hides that": "she owes money to a friend.",
    "Person 2": "Đức, the older brother",
    "Person 2 wants to": "keep the orchard",
    "Person 2 hides that": "he has promised it to his son",
}


def reply(**changed: str) -> str:
    """The seven lines, some of them changed (keys with underscores for blanks)."""
    told = LINES | {key.replace("_", " "): text for key, text in changed.items()}
    return "\n".join(f"{label}: {text}" for label, text in told.items())


def rewritten(say, tries: int = 1):
    tally, stage = Tally("scenes"), Stage(say)
    return SceneRewriter(tries).rewrite(stage, SCENES, "Vietnam", "They honour elders.", tally), tally, stage


def test_a_rewritten_scene_keeps_its_relation_and_has_the_words_of_the_reply():
    made, tally, stage = rewritten(lambda chat: f"Here it is.\n\n{reply()}\n\nI hope that helps!")
    assert [scene.id for scene in made] == [scene.id for scene in SCENES] and tally.kept == 3
    scene = made[0]
    assert (scene.relation, scene.domain, scene.norms) == (SCENES[0].relation, SCENES[0].domain, SCENES[0].norms)
    assert (scene.a.name, scene.a.role, scene.b.name) == ("Lan", "the younger sister, a teacher", "Đức")
    assert (scene.a.goal, scene.a.secret) == ("sell the orchard", "she owes money to a friend")
    assert scenes_of(scene_rows(made), SCENES) == made
    asked = stage.calls[0][0]
    assert [m.role for m in asked] == ["user", "assistant", "user"]
    assert "Vietnam" in asked[-1].content and "They honour elders." in asked[-1].content
    assert SCENES[0].setting in asked[-1].content and SCENES[0].b.secret in asked[-1].content


def test_the_worked_example_is_itself_a_scene_that_would_pass():
    example = rewritten(lambda chat: reply())[2].calls[0][0][1].content
    made, tally, _ = rewritten(lambda chat: example)
    assert tally.kept == 3 and (made[0].a.name, made[0].b.name) == ("Sigrún", "Einar")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("I'm sorry, but I can't assist with that.", "refusal"),
        ("As an AI I live nowhere.", "role leak"),
        ("A lovely scene by the ferry.", "a line is missing"),
        (reply(Person_2="Đức"), "a line is missing"),
        (reply(Person_1_wants_to="7 )) ** 8 == 9 && 10 !! 11 ?? 12 ## 13 %% 14 ^^ 15 ~~ 16 || 17 <> 18 []"), "garbled"),
        (reply(Person_1_hides_that="she owes money to {b}"), "garbled"),
        (reply(Person_2="Lan, the older brother"), "one name for both"),
        (reply(Person_1=f"{SCENES[0].a.name}, a teacher"), "a name of the scene that was to be rewritten"),
        (reply(Setting="The ferry to the islands leaves late."), "setting without the two"),
    ],
)
def test_what_is_no_scene_is_dropped_and_asked_for_again(text, reason):
    replies = iter([text, reply(), reply(), reply()])
    made, tally, stage = rewritten(lambda chat: next(replies), tries=2)
    assert len(made) == 3 and tally.dropped == {reason: 1} and tally.made == 4
    assert [len(call) for call in stage.calls] == [3, 1]
    assert stage.samplings[0].seed != stage.samplings[1].seed
