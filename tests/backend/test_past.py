"""Chats that go on: a turn reads only what is new, and says what it would have said."""

from __future__ import annotations

import pytest
import torch

from alignbench.backend.hf import HF
from alignbench.backend.loading import load
from alignbench.backend.past import Past
from alignbench.types import Message, Sampling, chat

GREEDY = Sampling(max_new_tokens=6)
SCENE = "You sell fruit in a small town, like to talk, and never forget what someone has bought. " * 3
# Of unlike length; two begin alike.
OPENINGS = [
    chat("How was the market?", "You sell fruit in a small town and like to talk."),
    chat("Did the rain come?", "You sell fruit in a small town and like to talk."),
    chat("Good evening."),
]


def conversation(engine, adapter=None, rounds=3):
    """What is said in ``rounds`` rounds, and the tokens read in each."""
    chats, said, read = OPENINGS, [], []
    for number in range(rounds):
        before = engine.usage.prompt_tokens
        texts = [texts[0] for texts in engine.generate(chats, GREEDY, adapter)]
        read.append(engine.usage.prompt_tokens - before)
        said.append(texts)
        more = [(Message("assistant", text or "-"), Message("user", f"And then, {number}?")) for text in texts]
        chats = [(*before, *new) for before, new in zip(chats, more, strict=True)]
    return said, read


@pytest.mark.parametrize("adapted", [False, True])
def test_a_chat_that_goes_on_reads_only_what_is_new(blank, adapter, adapted):
    weights = adapter if adapted else None
    engine = HF(device="cpu").open(blank)
    anew, all_read = conversation(engine, weights)
    with engine.remembering():
        said, read = conversation(engine, weights)
    assert said == anew
    assert read[0] == all_read[0]
    # New are a reply of at most six tokens, the question after it and what the template puts around the two.
    assert all(new < 50 * len(OPENINGS) for new in read[1:])
    assert all_read[2] > 2 * read[2]


def test_what_chats_of_a_call_begin_with_is_read_once(blank):
    engine = HF(device="cpu").open(blank)
    chats = [chat(f"Good morning, {name}.", SCENE) for name in ("Ann", "Bob", "Cem", "Dai", "Eve")]
    texts = engine.generate(chats, GREEDY)
    anew = engine.usage.prompt_tokens
    with engine.remembering():
        assert engine.generate(chats, GREEDY) == texts
    assert 4 * (engine.usage.prompt_tokens - anew) < 2 * anew


def test_scores_of_a_chat_that_goes_on_read_only_what_is_new(blank):
    engine = HF(device="cpu").open(blank)
    first = [chat("How was the market?", f"{SCENE} You are {age}.") for age in ("old", "young")]
    asked = [(*one, Message("assistant", "So-so."), Message("user", "Was it good?")) for one in first]
    options = [("yes", "no", "not at all")] * len(asked)
    anew = engine.score(asked, options)
    with engine.remembering():
        engine.score(first, options)
        before = engine.usage.prompt_tokens
        again = engine.score(asked, options)
        read = engine.usage.prompt_tokens - before
    for found, expected in zip(again, anew, strict=True):
        assert found.logprobs == pytest.approx(expected.logprobs, abs=1e-4)
        assert found.mass == pytest.approx(expected.mass, abs=1e-4)
    assert 2 * read < sum(len(engine.renderer.prompt(one).ids) for one in asked)


def test_what_another_adapter_read_is_read_anew(blank, adapter):
    engine = HF(device="cpu").open(blank)
    bare, adapted = (engine.generate(OPENINGS, GREEDY, a) for a in (None, adapter))
    assert bare != adapted
    with engine.remembering():
        assert [engine.generate(OPENINGS, GREEDY, a) for a in (None, adapter, None)] == [bare, adapted, bare]


def test_nothing_is_kept_without_room_or_beyond_the_scope(blank):
    roomless, engine = HF(device="cpu", past=0).open(blank), HF(device="cpu").open(blank)
    _, anew = conversation(roomless)
    with roomless.remembering():
        assert conversation(roomless)[1] == anew
    for _ in range(2):
        with engine.remembering():
            assert conversation(engine, rounds=1)[1] == anew[:1]
    assert conversation(engine)[1] == anew


def test_samples_of_a_chat_share_its_past(blank):
    engine, drawn = HF(device="cpu").open(blank), Sampling(max_new_tokens=6, temperature=1.0, n=3, seed=4)
    anew = engine.generate(OPENINGS, drawn)
    with engine.remembering():
        engine.generate(OPENINGS, GREEDY)
        assert engine.generate(OPENINGS, drawn) == anew


def sequence(length, heads=2):
    """Keys and values of one layer, four bytes a number."""
    return [(torch.arange(heads * length, dtype=torch.float32).reshape(heads, length, 1),) * 2]


def test_the_longest_beginning_is_known_and_recalled_with_padding():
    past = Past(room=1 << 20)
    assert past.known((1, 2, 3)) == 0
    past.keep((1, 2, 3, 4), sequence(4))
    past.keep((1, 2, 9), sequence(3))
    assert [past.known(ids) for ids in [(1, 2, 3, 7), (1, 2, 9, 9, 9), (1, 5), (2,), (1, 2, 3, 4)]] == [3, 3, 1, 0, 4]
    cache = past.recall([(1, 2, 3), (1,), ()])
    assert cache.mask.tolist() == [[1, 1, 1], [0, 0, 1], [0, 0, 0]]
    assert cache.layers[0][0][:, 1, :, 0].tolist() == [[4, 5, 6], [0, 0, 4], [0, 0, 0]]
    assert past.recall([(), ()]) is None


def test_a_longer_sequence_takes_the_place_of_its_beginning_and_the_oldest_goes_first():
    of_four = 4 * 2 * 2 * 4  # tokens, heads, keys and values, bytes
    past = Past(room=2 * of_four)
    past.keep((1, 2, 3), sequence(3))
    past.keep((1, 2, 3, 4), sequence(4))
    past.keep((5, 6, 7, 8), sequence(4))
    assert past.known((1, 2, 3, 4)) == past.known((5, 6, 7, 8)) == 4
    past.keep((9,), sequence(1))
    assert [past.known(ids) for ids in [(1, 2, 3, 4), (5, 6, 7, 8), (9,)]] == [0, 4, 1]
    past.keep(tuple(range(20, 40)), sequence(20))
    assert [past.known(ids) for ids in [(5, 6, 7, 8), (9,), (20, 21)]] == [0, 0, 0]


def test_one_token_at_a_time_gives_the_logits_of_the_whole_text(blank):
    weights, _ = load(blank, "cpu")
    ids = torch.randint(5, 200, (3, 12), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[1, :5] = 0
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    with torch.inference_mode():
        whole = weights(input_ids=ids, attention_mask=mask, position_ids=positions).logits
        past, steps = None, []
        for end in range(1, ids.shape[1] + 1):
            step = slice(end - 1, end)
            out = weights(
                input_ids=ids[:, step],
                attention_mask=mask[:, :end],
                position_ids=positions[:, step],
                past_key_values=past,
                use_cache=True,
            )
            past = out.past_key_values
            steps.append(out.logits)
    assert weights.config._attn_implementation == "alignbench_grouped"
    torch.testing.assert_close(torch.cat(steps, 1)[mask.bool()], whole[mask.bool()], atol=1e-4, rtol=0)
