from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from alignbench.dialogue import Dialogue, Stop, TrainingText, seen, whole
from alignbench.dialogue.roleplay import FILE, RolePlay, load
from alignbench.dialogue.scenario import SIDES, adapted, load_scenarios
from alignbench.errors import AlignbenchError

from .stage import Stage, lively, openings

PLAY = RolePlay(max_turns=6)
PLAYED = TrainingText.played


def one_after_the_other(play, engine, dialogues, folder):
    return [d for i, opening in enumerate(dialogues) for d in play.play(engine, [opening], folder / str(i))]


def test_batched_equals_sequential_and_needs_a_call_a_turn(tmp_path):
    batched, one_by_one = Stage(lively), Stage(lively)
    together = PLAY.play(batched, openings(24), tmp_path)
    assert together == one_after_the_other(PLAY, one_by_one, openings(24), tmp_path / "singly")
    assert len({d.stop for d in together}) > 2 and None not in {d.stop for d in together}
    assert len(batched.calls) == 6
    asked, asked_singly = (Counter(c for call in stage.calls for c in call) for stage in (batched, one_by_one))
    assert asked == asked_singly
    assert [len(call) for call in batched.calls] == sorted((len(call) for call in batched.calls), reverse=True)


@pytest.mark.parametrize("breaks_at", [0, 1, 4])
def test_a_killed_run_goes_on_and_ends_the_same(tmp_path, breaks_at):
    whole = Stage(lively, seeded=True)
    expected = PLAY.play(whole, openings(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        PLAY.play(Stage(lively, seeded=True, breaks_at=breaks_at), openings(), tmp_path / "cut")
    rest = Stage(lively, seeded=True)
    assert PLAY.play(rest, openings(), tmp_path / "cut") == expected
    assert len(rest.calls) == len(whole.calls) - breaks_at
    assert (tmp_path / "cut" / FILE).read_bytes() == (tmp_path / "whole" / FILE).read_bytes()


def test_a_finished_run_asks_nothing_and_can_be_loaded(tmp_path):
    ended = PLAY.play(Stage(lively), openings(), tmp_path)
    idle = Stage(lively)
    assert PLAY.play(idle, openings(), tmp_path) == ended == load(tmp_path)[1]
    assert idle.calls == []


def test_other_knobs_other_scenes_and_garbage_on_disk_are_errors(tmp_path):
    PLAY.play(Stage(lively), openings(), tmp_path)
    for play, scenes in ((RolePlay(max_turns=4), openings()), (PLAY, openings(3)), (PLAY, openings()[::-1])):
        with pytest.raises(AlignbenchError, match="other knobs or scenes"):
            play.play(Stage(lively), scenes, tmp_path)
    (tmp_path / FILE).write_text("{}\n{", encoding="utf-8")
    with pytest.raises(AlignbenchError, match="remove it"):
        PLAY.play(Stage(lively), openings(), tmp_path)


def test_seeds_differ_by_round_by_dialogue_and_by_run(tmp_path):
    stages = [Stage(lively) for _ in range(3)]
    first, other_scene, other_seed = stages
    PLAY.play(first, openings(2)[:1], tmp_path / "first")
    PLAY.play(other_scene, openings(2)[1:], tmp_path / "scene")
    RolePlay(max_turns=6, seed=1).play(other_seed, openings(2)[:1], tmp_path / "seed")
    seeds = [s.seed for stage in stages for s in stage.samplings]
    assert len(seeds) == len(set(seeds)) > 6


@pytest.mark.parametrize(
    ("text", "stop", "turns"),
    [
        ("", Stop.empty, 0),
        ("\x00\ufffd %% \u2028 ---", Stop.empty, 0),
        ("As an AI, I have no family.", Stop.role_leak, 0),
        ("I'm sorry, but I can't assist with that.", Stop.refusal, 0),
        ("I see what you mean.", Stop.repetition, 1),
        ("[end]", Stop.closing, 0),
        ("Farewell.", Stop.closing, 2),
        ("word " * 500, Stop.repetition, 0),
    ],
)
def test_engines_that_say_one_thing_stop_for_its_reason(tmp_path, text, stop, turns):
    for dialogue in PLAY.play(Stage(lambda _: text), openings(4), tmp_path):
        assert (dialogue.stop, len(dialogue.turns)) == (stop, turns)
        assert [whole(dialogue, side, PLAYED) is not None for side in SIDES] == [turns > 0, turns > 1]


def test_garbage_of_any_kind_survives_the_disk(tmp_path):
    def garbage(chat):
        return (
            "".join(chr(33 + (i * 7919 + len(chat) * 104729) % 0x2100) for i in range(120)) + "\x85\u2028{{ }}{% %}\\"
        )

    ended = PLAY.play(Stage(garbage), openings(4), tmp_path)
    assert load(tmp_path)[1] == ended
    assert all(d.turns and d.stop for d in ended)


def test_privates_of_one_never_reach_the_other():
    for culture in ("iraq", "usa"):
        for scenario in load_scenarios():
            scene = Dialogue(adapted(scenario, culture, 0), "A profile.", "Here")
            texts = {side: "\n".join(m.content for m in seen(scene, side)) for side in SIDES}
            for side, other in (SIDES, SIDES[::-1]):
                mine = scene.scenario.speaker(side)
                assert mine.goal in texts[side] and mine.secret in texts[side] and mine.role in texts[side]
                assert mine.goal not in texts[other] and mine.secret not in texts[other]
                assert f"Who you are: {mine.name}, {mine.role}" not in texts[other]
                assert mine.name in texts[other] and scene.scenario.setting in texts[other]
                assert scene.scenario.tension not in texts[side]


def test_privates_stay_private_while_the_dialogue_runs(tmp_path):
    stage = Stage(lively)
    PLAY.play(stage, openings(), tmp_path)
    scenes = {s.scenario.setting: s.scenario for s in openings()}
    for chat in (c for call in stage.calls for c in call):
        scene = next(s for setting, s in scenes.items() if setting in chat[0].content)
        text = "\n".join(m.content for m in chat)
        speaks_a = f"You play {scene.a.name}," in chat[0].content
        assert (scene.b if speaks_a else scene.a).secret not in text
        assert (scene.b if speaks_a else scene.a).goal not in text


def test_each_sees_the_own_turns_as_assistant_and_roles_alternate(tmp_path):
    stage = Stage(lively)
    ended = PLAY.play(stage, openings(), tmp_path)
    for chat in (c for call in stage.calls for c in call):
        roles = [m.role for m in chat]
        assert roles[0] == "system" and roles[-1] == "user"
        assert all(one != following for one, following in pairwise(roles))
    longest = max(ended, key=lambda d: len(d.turns))
    for side in SIDES:
        spoken = [m.content for m in seen(longest, side) if m.role == "assistant"]
        assert spoken == [t.text for t in longest.turns if t.side == side]


def test_views_are_the_prompts_that_were_answered(tmp_path):
    stage = Stage(lively)
    ended = PLAY.play(stage, openings(), tmp_path)
    pairs = [(seen(d, turn.side, i), turn.text) for d in ended for i, turn in enumerate(d.turns)]
    asked = {chat for call in stage.calls for chat in call}
    assert len(pairs) == sum(len(d.turns) for d in ended) > 20
    assert {chat for chat, _ in pairs} <= asked
    last = [whole(d, side, PLAYED) for d in ended for side in SIDES if any(turn.side == side for turn in d.turns)]
    assert set(last) <= set(pairs) and len(last) > 10
    assert all(
        reply in {t.text for t in d.turns[-2:]} for d in ended for _, reply in filter(None, [whole(d, "a", PLAYED)])
    )


def test_a_scene_without_profile_and_country_has_no_gap_in_its_prompt():
    bare = seen(Dialogue(openings(1)[0].scenario), "a")[0].content
    assert "None" not in bare and "\n\n\n" not in bare and "society here" not in bare
    full = seen(openings(1)[0], "a")[0].content
    assert "live in Japan" in full and "society here is" in full and "\n\n\n" not in full


def test_faulty_openings_and_knobs_are_errors(tmp_path):
    scene = openings(1)[0]
    for scenes, message in (
        ([], "no scene"),
        ([Dialogue(load_scenarios()[0])], "placeholders"),
        ([scene, scene], "given twice"),
        ([replace(scene, stop=Stop.closing)], "without turns"),
    ):
        with pytest.raises(AlignbenchError, match=message):
            PLAY.play(Stage(lively), scenes, tmp_path)
    for knobs in ({"max_turns": 0}, {"max_new_tokens": 0}, {"temperature": -1}, {"top_p": 0}, {"max_overlap": 1.2}):
        with pytest.raises(AlignbenchError, match=f"roleplay.{next(iter(knobs))}"):
            RolePlay(**knobs)
