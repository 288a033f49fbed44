"""CLCA from scenes to rows, with stand-ins that speak and judge as told; nothing is trained here."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from alignbench.dialogue import TrainingText
from alignbench.dialogue.adaptation import Adaptation
from alignbench.dialogue.general import general_conversations
from alignbench.dialogue.intent import Flag
from alignbench.dialogue.judging import RatingSource, SecondLook, Unread
from alignbench.errors import AlignbenchError
from alignbench.method.clca import View
from alignbench.synthetic.folder import read_set
from alignbench.types import Chat, Message

from .every import TALKS
from .speaker import FEW, INTENT, Speaker, plain

SPOKEN = (View.dialogue,)


def test_a_dialogue_gives_three_conversations_and_every_stage_is_reused(fitted):
    rows, found, _ = fitted()
    assert len(rows) == 4 * 3 and all(row.every_turn for row in rows)
    assert [stage.name for stage in found.finished] == ["roleplay", "judge", "intents", "fit"]
    assert found.model.notes == ("Dialogues and intents were written by a stand-in and judged by a stand-in.",)
    roles = [[m.role for m in row.chat] for row in rows]
    sides, intents = roles[:8], roles[8:]
    assert all(r[0] == "system" and r[-1] == "user" for r in sides)
    assert all(r == ["system", *["user", "assistant"] * 3, "user"] for r in intents)
    assert {row.reply for row in rows[8:]} == {"Intent: to be heard, as custom has it. And more."}
    assert not fitted()[2].built


def test_a_turn_is_an_utterance_of_either_speaker(fitted):
    """C6: ten turns were ten utterances."""
    _, found, _ = fitted(max_turns=3)
    frame, _ = read_set(found.stage("judge").path)
    assert [len(turns) for turns in frame["turns"]] == [6] * 4
    assert found.stage("roleplay").facts["utterances"] == 24


def test_conversations_are_learnt_without_what_only_the_role_player_was_told(fitted):
    """C6: figures of the country, goals and secrets stood in the system text."""
    played = [*fitted(training_text=TrainingText.played)[0]]
    rows, found, _ = fitted()
    frame, _ = read_set(found.stage("judge").path)
    for row, whole in zip(rows[:8], played[:8], strict=True):
        (system, *chat), (told, *said) = row.chat, whole.chat
        assert chat == said and row.reply == whole.reply
        (scene,) = (one for one in frame.to_dict("records") if one["setting"] in system.content)
        private = [scene["goal_a"], scene["goal_b"], "What only you know", "society here"]
        assert not any(text in system.content for text in private)
        assert sum(text in told.content for text in private) == 3 and "Iraq" in system.content
    flagged = {row.reply for row in played[8:]}
    assert flagged == {"to be heard, as custom has it. And more. (rooted in the culture)"}
    assert all(row.chat[0].role == "user" for row in played[8:])


def test_an_intent_is_never_learnt_cut_off(fitted):
    def verbose(chat: Chat) -> str:
        if INTENT not in chat[-1].content:
            return plain(chat)
        return "To agree. This is beca" if chat[-1].content.count("We speak of") % 2 else "To keep the peace in the"

    rows, found, _ = fitted(say=verbose)
    made = found.stage("intents")
    frame, (tally,) = read_set(made.path)
    assert (tally.kept, tally.dropped, made.facts["cut"]) == (8, {"no sentence ends": 8}, 8)
    assert set(frame[frame["kept"]]["intent"]) == {"To agree."} and frame["cut"].sum() == 8
    assert "Of 16 intents 8 were cut back" in made.facts["remarks"][0]
    assert {
        m.content for row in rows[8:] for m in (*row.chat, Message("assistant", row.reply)) if m.role == "assistant"
    } == {"Intent: To agree."}


def test_an_utterance_is_learnt_up_to_its_last_whole_sentence(fitted):
    def breathless(chat: Chat) -> str:
        return f"{plain(chat)} And then I wou"

    rows, found, _ = fitted(say=breathless, tasks=SPOKEN)
    learnt = [m.content for row in rows for m in (*row.chat[1:], Message("assistant", row.reply))]
    assert len(learnt) > 16 and not any("And then" in text for text in learnt)
    assert (found.fit.facts["cut"], found.fit.facts["remarks"]) == (
        16,
        ["16 of 16 utterances were cut back to their last whole sentence before they were learnt."],
    )


def test_the_second_look_is_at_the_culture_and_not_at_the_whole(fitted):
    asked = []

    def critical(chat: Chat) -> str:
        asked.append(chat[-1].content)
        return "Too kind."

    def read(chat: Chat) -> float:
        asked.append(chat[-1].content)
        return 0.2

    fitted(critic=Speaker(critical, read), tasks=SPOKEN)
    assert sum("fits the ways of people in Iraq" in text for text in asked) == 4
    fitted(critic=Speaker(critical, read), tasks=SPOKEN, second_look=SecondLook.overall)
    assert sum("as a whole" in text for text in asked) == 4


def test_general_conversations_take_the_place_of_dialogues(fitted, tmp_path):
    talks = [json.loads(line)["messages"] for line in TALKS.read_text().splitlines()]
    rows_of = [f"{i},{m['role']},{m['content']}" for i, talk in enumerate(talks) for m in talk]
    (table := tmp_path / "talks.csv").write_text("\n".join(["conversation,role,content", *rows_of]))
    learnt = []
    for path in (TALKS, table):
        rows, found, _ = fitted(general=str(path), tasks=SPOKEN)
        learnt.append([(row.chat, row.reply, row.every_turn) for row in rows])
        assert found.names == {"fit"}
        noted = f"Trained on 2 conversations of {path.name} in place of dialogues of the culture."
        assert found.model.notes == (noted,)
    assert learnt[0] == learnt[1]
    assert [reply for _, reply, _ in learnt[0]] == ["4.", "So."]
    assert [m.role for m in learnt[0][0][0]] == ["system", "user"] and learnt[0][0][2]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("talks.txt", "x", r"method\.general.*give a \.jsonl or \.csv"),
        ("talks.jsonl", "", "holds no conversation"),
        ("talks.jsonl", '{"messages": []}\n', r"line 1 = ''.*one reply at least"),
        ("talks.jsonl", "\nhello\n", r"line 2 = 'hello'.*messages"),
        ("talks.jsonl", '{"messages": [{"role": "assistant", "content": "Hi."}]}', r"line 1 = 'assistant'.*user first"),
        ("talks.jsonl", '{"messages": [{"role": "user", "content": 3}]}', "a role and a content"),
        ("talks.csv", "role,content\nuser,Hi.", r"column = 'conversation': the file has no such column"),
        ("talks.csv", 'conversation,role,content\n7,user,"Hi.', "close the quotes of this field"),
        ("talks.csv", "conversation,role,content\n7,user,Hi.\n7,user,You?", r"conversation 7 = 'user, user'.*by turns"),
    ],
)
def test_a_file_of_conversations_that_cannot_be_learnt_is_refused_at_its_place(
    name, text, message, make_cell, tmp_path
):
    (tmp_path / name).write_text(text)
    with pytest.raises(AlignbenchError, match=message):
        general_conversations(tmp_path / name)


def test_it_is_refused_before_anything_is_loaded(make_cell):
    with pytest.raises(AlignbenchError, match=r"method\.general = '/no/talks\.csv'.*no such file"):
        make_cell("method=clca", "culture=iraq", "method.general=/no/talks.csv", "method.tasks=[dialogue]")


def test_ablations_share_what_they_can(fitted):
    built = [
        [s.name for s in fitted(**knobs)[2].built]
        for knobs in ({}, {"tasks": SPOKEN}, {"tasks": (View.intent,)}, {"filter": False})
    ]
    assert built == [
        ["roleplay", "judge", "intents", "fit"], ["fit"], ["fit"], ["judge", "intents", "fit"],
    ]  # fmt: skip


def test_without_filter_no_critic_is_asked_and_nobody_is_named(fitted):
    class Mute(Speaker):
        def open(self, tools):
            raise AssertionError("the critic must not be asked")

    rows, found, _ = fitted(filter=False, tasks=SPOKEN, critic=Mute(plain))
    assert len(rows) == 8 and "judged by nobody" in found.model.notes[0]
    frame, _ = read_set(found.stage("judge").path)
    assert frame["kept"].all() and frame["quality"].isna().all()


def test_the_critic_drops_what_it_is_very_sure_of(fitted):
    def harsh(chat: Chat) -> float:
        """Bad all of it, and very sure of the quality of one."""
        return 0.95 if "well made" in chat[-1].content and worst in chat[1].content else 0.8

    _, found, _ = fitted()
    worst = read_set(found.stage("judge").path)[0]["setting"][1]
    rows, found, _ = fitted(critic=Speaker(lambda chat: "Too kind.", harsh))
    frame, (tally,) = read_set(found.stage("judge").path)
    assert tally.dropped == {"bad quality": 1} and tally.kept == 3 and len(rows) == 9
    dropped = frame[~frame["kept"]].iloc[0]
    assert (dropped["dialogue"], dropped["quality"], dropped["quality_confidence"]) == (1, "bad", "very confident")
    others = frame[frame["kept"]]
    assert set(others["quality_confidence"]) == {"confident"} and set(others["fit"]) == {"no"}
    assert set(others["critique"]) == {"Too kind."}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "too short: empty"),
        ("I'm sorry, but I can't assist with that.", "too short: refusal"),
        ("As an AI, I have no family.", "too short: role leak"),
        ("word " * 80, "too short: repetition"),
        ("garbage", "garbled"),
    ],
)
def test_a_generator_that_cannot_play_is_refused_with_the_account(fitted, text, reason):
    def broken(chat: Chat) -> str:
        rng = random.Random(str(chat))
        garbage = " ".join("".join(chr(rng.randrange(33, 0x500)) for _ in range(6)) for _ in range(9))
        return garbage if text == "garbage" else text

    with pytest.raises(AlignbenchError, match=rf"method\.scenarios.*0 kept of 4 \(dropped: 4 {reason}\).*at least 2"):
        fitted(say=broken)


def test_what_is_good_is_kept_when_some_requests_fail(fitted):
    def shaky(chat: Chat) -> str:
        failing = "Sara" in chat[0].content or "Sara" in chat[-1].content
        return "" if failing and "You play" in chat[0].content else plain(chat)

    _, whole, _ = fitted()
    names = [{t["speaker"] for t in turns} for turns in read_set(whole.stage("judge").path)[0]["turns"]]
    lost = sum("Sara" in of_scene for of_scene in names)
    assert 0 < lost < 3
    rows, found, _ = fitted(say=shaky)
    _, (tally,) = read_set(found.stage("judge").path)
    assert (tally.kept, tally.dropped) == (4 - lost, {"too short: empty": lost})
    assert tally.made == 4 and len(rows) == 3 * (4 - lost)


def test_bad_intents_are_left_out_and_none_at_all_is_refused(fitted):
    def forgetful(chat: Chat) -> str:
        if INTENT not in chat[-1].content:
            return plain(chat)
        spoken = chat[-1].content.count("We speak of")
        return {1: "", 2: "I cannot fulfill your request.", 3: "Intent: %%% ~~~ x."}.get(spoken, "To agree.")

    rows, found, _ = fitted(say=forgetful)
    _, (tally,) = read_set(found.stage("intents").path)
    assert (tally.kept, tally.dropped) == (4, {"empty": 4, "refusal": 4, "garbled": 4})
    (view,) = {tuple(m.role for m in row.chat) for row in rows[8:]}
    assert view == ("system", "user") and {row.reply for row in rows[8:]} == {"Intent: To agree."}

    def silent(chat: Chat) -> str:
        return "" if INTENT in chat[-1].content else plain(chat)

    with pytest.raises(AlignbenchError, match=r"method\.tasks.*0 kept of 16 \(dropped: 16 empty\)"):
        fitted(say=silent)


def test_a_culture_without_lexicon_is_refused_before_anything_unless_scenes_stay_generic(make_cell, fitted):
    with pytest.raises(AlignbenchError, match=r"culture = 'andorra'.*argentina, australia.*usa"):
        make_cell("method=clca", "culture=andorra")
    rows, _, _ = fitted(culture="andorra", adapted=False)
    told = rows[0].chat[0].content
    assert "live in Andorra" in told and any(name in told for name in ("Alex", "Sam", "Robin", "Kim", "Noa", "Jo"))


SCENE = """Setting: Jordi stops {other} on the bridge of la Margineda after the feast of Meritxell.
Person 1: Jordi, a shepherd
Person 1 wants to: move the flock
Person 1 hides that: two sheep are lost
Person 2: {other}, a neighbour
Person 2 wants to: keep the meadow
Person 2 hides that: the meadow is sold"""


def test_a_generator_rewrites_the_scenes_of_any_culture_and_too_few_are_refused(fitted):
    def rewrites(chat: Chat) -> str:
        if "Keep to the seven lines" not in chat[-1].content:
            return plain(chat)
        asked.append(chat)
        return SCENE.format(other=f"Pere{len(asked)}") if len(asked) <= good else "No idea."

    asked, good = list[Chat](), 3
    knobs = {"culture": "andorra", "adaptation": Adaptation.generator, "takes": 2}
    rows, found, _ = fitted(say=rewrites, **knobs)
    # Three scenes of four, each in two takes, in three views; the fourth was asked for twice.
    assert len(asked) == 5 and len(rows) == 3 * 2 * 3
    assert "Jordi" in rows[0].chat[0].content and "la Margineda" in rows[0].chat[0].content
    assert "scenes" in found.names and found.model.notes[0].startswith("Scenes, dialogues and intents were written by")
    frame, (tally,) = read_set(found.stage("scenes").path)
    assert (tally.kept, tally.dropped) == (3, {"a line is missing": 2})
    assert frame["name_b"].tolist() == ["Pere1", "Pere2", "Pere3"]
    card = (found.stage("judge").path / "README.md").read_text()
    assert f"scenes/{found.stage('scenes').key}" in card
    assert not fitted(say=rewrites, **knobs)[2].built

    asked.clear()
    good = 0
    with pytest.raises(
        AlignbenchError, match=r"method\.scenarios.*scenes: 0 kept of 8 \(dropped: 8 a line is missing\)"
    ):
        fitted(say=rewrites, **knobs, scene_tokens=99)
    with pytest.raises(AlignbenchError, match=r"method\.adaptation.*generator"):
        replace(FEW, adaptation=Adaptation.generator, adapted=False)


def test_two_takes_of_a_scene_are_two_dialogues(fitted):
    _, found, _ = fitted(takes=2)
    frame, _ = read_set(found.stage("judge").path)
    assert len(frame) == 8 and frame["scenario"].nunique() == 4
    assert frame["turns"].map(str).nunique() == 8


def test_a_killed_role_play_goes_on(fitted):
    calls = []

    def mortal(chat: Chat) -> str:
        calls.append(chat)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return plain(chat)

    with pytest.raises(KeyboardInterrupt):
        fitted(mortal, tasks=SPOKEN, filter=False)
    rows, _, _ = fitted(mortal, tasks=SPOKEN, filter=False)
    assert len(rows) == 8 and len(calls) == 10 + 8


def test_the_sets_tell_their_story(fitted):
    _, found, _ = fitted()
    card = (found.stage("judge").path / "README.md").read_text()
    assert "names and things of Iraq" in card and "society here" in card and "Judged by: a stand-in" in card
    card = (found.stage("intents").path / "README.md").read_text()
    assert f"judge/{found.stage('judge').key}" in card and "Judged by: nobody" in card


def test_rows_that_are_too_long_are_dropped_with_the_account(fitted):
    with pytest.raises(AlignbenchError, match=r"method\.max_length.*longer than 100 tokens"):
        fitted(max_length=100)


@pytest.mark.parametrize(
    "knobs",
    [
        {"scenarios": 127},
        {"takes": 0},
        {"scene_tries": 0},
        {"least_utterances": 5},
        {"general": "talks.csv"},
        {"tasks": ()},
        {"confident": 0.95},
        {"top_p": 0},
    ],
)
def test_wrong_knobs_are_refused_by_name(knobs):
    with pytest.raises(AlignbenchError, match=next(iter(knobs))):
        replace(FEW, **knobs)


def test_the_critic_may_state_its_verdicts_in_words(fitted):
    said = {"well made": "Bad, very confident.", "would in this scene": "yes, confident", "Now give": "GOOD"}

    def talks(chat: Chat) -> str:
        return next((reply for asked, reply in said.items() if asked in chat[-1].content), "They forget the tea.")

    knobs = {"reading": RatingSource.words, "least_dialogues": 1, "tasks": SPOKEN}
    with pytest.raises(AlignbenchError, match="4 bad quality"):
        fitted(critic=Speaker(talks), **knobs)
    said["well made"] = "I could not say."
    _, found, _ = fitted(critic=Speaker(talks, lambda _: 0.5), top_p=0.8, **knobs)
    judged = found.stage("judge")
    assert (judged.facts["kept"], judged.facts["unread"]) == (4, 4)
    assert judged.facts["remarks"] == ["4 of 4 judged dialogues have a verdict that could not be read; 4 are kept."]
    with pytest.raises(AlignbenchError, match="4 no verdict"):
        fitted(critic=Speaker(talks, lambda _: 0.5), top_p=0.8, unread=Unread.dropped, **knobs)
    said["well made"] = "bad, not sure"
    _, found, _ = fitted(critic=Speaker(talks), top_p=0.9, **knobs)
    row = read_set(found.stage("judge").path)[0].iloc[0]
    assert [row[f"{q}_confidence"] for q in ("quality", "fit", "meta")] == ["not sure", "confident", "not sure"]
    assert (row["quality"], row["fit"], row["meta"], row["quality_probability"]) == ("bad", "yes", "good", None)


def test_the_flag_of_an_intent_may_be_asked_for(fitted):
    _, found, _ = fitted(filter=False, flag=Flag.verdict)
    frame, _ = read_set(found.stage("intents").path)
    assert frame["cultural"].all() and frame["intent"].str.startswith("to be heard").all()
