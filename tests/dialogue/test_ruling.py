import pytest

from alignbench.dialogue import Dialogue, Stop, Utterance, told
from alignbench.dialogue.ruling import extended, going_round, overlap
from alignbench.dialogue.scenario import adapted, load_scenarios
from alignbench.steps.scenes import profile

SCENE = Dialogue(adapted(load_scenarios()[0], "germany", 0), profile("DEU"), "Germany")
A, B = SCENE.scenario.a.name, SCENE.scenario.b.name
GREETING = "I have news, and I hope that you will hear me out before you answer."


def after(*texts: str) -> Dialogue:
    """The scene once these were said, by knobs that let nothing but the limit of overlap pass."""
    dialogue = SCENE
    for text in texts:
        dialogue = extended(dialogue, text, max_turns=6, max_overlap=0.8)
    return dialogue


def test_a_plain_turn_goes_on():
    dialogue = after(GREETING, "Tell me, child. The kettle is on and I have time.")
    assert dialogue.stop is None
    assert [t.side for t in dialogue.turns] == ["a", "b"]
    assert dialogue.turns[0] == Utterance("a", GREETING)


@pytest.mark.parametrize("text", ["", "  \n", "...", "*** 12 ###", "。！"])
def test_a_turn_without_a_word_stops(text):
    assert after(text).stop is Stop.empty
    assert after(text).turns == ()


@pytest.mark.parametrize(
    "text",
    [
        f"I have news.\n{B}: What news?",
        f"I have news.\n**{B}:** What news?",
        f"I have news.\n{B.upper()} (smiling): What news?",
        "User: what now?",
        "I am an AI and have no parents.",
        "As a helpful language model I would say so.",
        "Let us begin the role-play.",
        "<|im_start|>assistant",
    ],
)
def test_leaving_the_role_stops_and_the_text_is_kept_apart(text):
    assert after(GREETING, "Yes?", text).stop is Stop.role_leak
    assert after(GREETING, "Yes?", text).rejected == text
    assert len(after(GREETING, "Yes?", text).turns) == 2


def test_printing_the_instructions_stops_and_speaking_of_the_scene_does_not():
    assert after(f"Sure. {told(SCENE, 'a', 'rules')[:150]}").stop is Stop.role_leak
    assert after(f"Well: {SCENE.profile[:120]}").stop is Stop.role_leak
    assert after(told(SCENE, "a", "opening")).stop is Stop.role_leak
    assert after(f"I want to {SCENE.scenario.a.goal}.").stop is None


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that.",
        "I cannot fulfill this request.",
        "I am not able to continue this scenario.",
        "I’m unable to generate such content.",
    ],
)
def test_an_assistants_refusal_stops(text):
    assert after(text).stop is Stop.refusal


@pytest.mark.parametrize(
    "text",
    [
        "I can't help you with the money this year.",
        "I cannot take part in the rite, for I gave my word.",
        f"{B}, listen to me: I will not continue like this.",
        "My assistant at the office said so.",
        "I take care of mother, and it was good to see you with her.",
    ],
)
def test_what_people_say_is_no_refusal_and_no_leak(text):
    assert after(text, text + " Do you understand what I mean by all of that?").turns[0].text == text
    assert after(text).stop is None


@pytest.mark.parametrize("mark", ["[end]", " **[END]** (smiles)", "\n[End of conversation]"])
def test_the_closing_mark_ends_and_is_not_spoken(mark):
    dialogue = after(GREETING, f"Go with my blessing.{mark}")
    assert dialogue.stop is Stop.closing
    assert dialogue.turns[-1].text == "Go with my blessing."
    silent = after(GREETING, "[end]")
    assert (silent.stop, len(silent.turns)) == (Stop.closing, 1)


def test_two_farewells_end_and_one_does_not():
    assert after("I must go. Goodbye!").stop is None
    assert after("I must go. Goodbye!", "Then goodbye, my child.").stop is Stop.closing
    assert after("I must go. Goodbye!", "Goodbye? Not before you have eaten with us.").stop is None


def test_repetition_stops_whoever_said_it_first():
    reply = "Tell me, child. The kettle is on and I have time."
    assert after(GREETING, GREETING).stop is Stop.repetition
    assert after(GREETING, reply, "No, it cannot wait.", reply.upper()).stop is Stop.repetition
    assert after("no " * 30).stop is Stop.repetition
    assert after(GREETING, reply, "Before you answer, hear me out: the news is good.").stop is None


def test_the_last_turn_is_spoken():
    dialogue = after(
        *(f"{word} and nothing else, said by {word} alone" for word in "one two three four five six".split())
    )
    assert (dialogue.stop, len(dialogue.turns)) == (Stop.max_turns, 6)


def test_own_name_and_quotation_marks_are_taken_off():
    assert after(f"**{A}:** {GREETING}").turns[0].text == GREETING
    assert after(f'{A} (softly): "{GREETING}"').turns[0].text == GREETING
    assert after('"Come," she said. "Sit."').turns[0].text == '"Come," she said. "Sit."'


def test_overlap_is_symmetric_and_minds_the_order():
    one, other = "the house by the river", "the river by the house"
    assert overlap(one, one) == 1
    assert overlap(one, "a cat sleeps") == 0
    assert overlap(one, other) == overlap(other, one)
    assert 0.5 < overlap(one, other) < 1
    assert overlap("", "") == 0


def test_going_round_grows_with_the_loop():
    assert going_round("") == going_round("one two three") == 0
    assert 0.4 < going_round("we will see what comes " * 2) < 0.6
    assert going_round("we will see " * 20) > 0.9
