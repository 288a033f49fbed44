"""A vector at work: every way to read a prompt gives what one unpadded forward without a cache gives."""

from __future__ import annotations

import pytest

from alignbench.backend import Engine, architecture
from alignbench.backend.hf import HF
from alignbench.backend.loading import load
from alignbench.backend.steering import SteeredEngine, SteeringVector, layers_of
from alignbench.config import components
from alignbench.errors import AlignbenchError
from alignbench.types import Message, Sampling, chat

from .single import reference
from .test_hf import LABELS, TEXTS, close, logprobs
from .test_past import GREEDY, OPENINGS, conversation


@pytest.fixture(scope="module")
def vectors(blank) -> tuple[SteeringVector, SteeringVector]:
    """Two random directions, after the first layer: keys and values of all others depend on them."""
    import torch

    config = architecture.text_config(blank)
    drawn = torch.randn(2, config.hidden_size, generator=torch.Generator().manual_seed(3)) * 3
    one, other = (SteeringVector(0, tuple(row.tolist())) for row in drawn)
    return one, other


@pytest.fixture
def engine(blank):
    return HF(device="cpu").open(blank)


@pytest.fixture
def expected(blank, chats, vectors, monkeypatch):
    """Log-probabilities of single forwards of the model with the vector, by options."""
    weights, tokenizer = load(blank, "cpu")
    monkeypatch.setattr("tests.backend.single.load", lambda model, device: (weights, tokenizer))

    def found(options):
        with vectors[0].at_work(weights):
            return reference(blank, chats, options)

    return found


@pytest.mark.parametrize("options", [LABELS, TEXTS])
@pytest.mark.parametrize("shared", [True, False])
def test_scores_equal_single_forwards_in_padded_batches_and_after_shared_prefixes(
    engine, chats, vectors, expected, options, shared, monkeypatch
) -> None:
    plain, asked = logprobs(engine.score(chats, [options] * len(chats))), [options] * len(chats)
    if not shared:
        monkeypatch.setattr(architecture, "remembers_tokens", lambda _: False)
    steered = logprobs(SteeredEngine(engine, vectors[0]).score(chats, asked))
    close(steered, expected(options))
    assert max(abs(a - b) for x, y in zip(plain, steered, strict=True) for a, b in zip(x, y, strict=True)) > 0.1
    # The vector is gone.
    close(logprobs(engine.score(chats, asked)), plain)


def test_text_equals_what_is_written_token_by_token_without_a_cache(engine, chats, vectors) -> None:
    import torch

    steered, sampling = SteeredEngine(engine, vectors[0]), Sampling(max_new_tokens=8)
    texts = steered.generate(chats, sampling)
    assert texts != engine.generate(chats, sampling)
    assert texts == [steered.generate([one], sampling)[0] for one in chats]
    assert [[thought.text for thought in thoughts] for thoughts in steered.think(chats, sampling)] == texts
    ends = set(engine.renderer.ends(False))
    for one, (text,) in zip(chats, texts, strict=True):
        prompt, said = engine.renderer.prompt(one), list[int]()
        with torch.inference_mode(), vectors[0].at_work(engine._weights):
            for _ in range(8):
                ids = torch.tensor([[*prompt.ids, *said]])
                said.append(int(engine._weights(input_ids=ids, use_cache=False).logits[0, -1].argmax()))
                if said[-1] in ends:
                    break
        assert engine.renderer.decode(said[: engine.renderer.spoken(said, False)], prompt.part) == text


def test_what_is_remembered_was_read_with_the_same_vector(blank, vectors) -> None:
    engine = HF(device="cpu").open(blank)
    one, other = (SteeredEngine(engine, vector) for vector in vectors)
    anew, all_read = conversation(one)
    with one.remembering():
        said, read = conversation(one)
    assert said == anew and read[2] < all_read[2] / 2
    asked, options = [(*c, Message("assistant", "So-so."), Message("user", "Was it good?")) for c in OPENINGS], [TEXTS]
    scored = one.score(asked, options * len(asked))
    bare, own, turned = (e.generate(OPENINGS, GREEDY) for e in (engine, one, other))
    assert bare != own != turned
    with engine.remembering():
        engine.score(asked, options * len(asked))
        close(logprobs(one.score(asked, options * len(asked))), logprobs(scored))
        order = (engine, one, other, one, engine)
        assert [e.generate(OPENINGS, GREEDY) for e in order] == [bare, own, turned, own, bare]


def test_it_works_on_a_model_that_wears_an_adapter_and_not_after_it_was_taken_off(
    engine, chats, vectors, adapter
) -> None:
    options, steered = [LABELS] * len(chats), SteeredEngine(engine, vectors[0])
    alone = logprobs(steered.score(chats, options))
    both = logprobs(steered.score(chats, options, adapter))
    assert both != alone and both != logprobs(engine.score(chats, options, adapter))
    close(logprobs(steered.score(chats, options)), alone)


def test_residuals_are_those_of_the_last_token_of_each_chat(engine, chats) -> None:
    import torch

    for said in ((), ["very"] * len(chats)):
        found = engine.residuals(chats, said)
        layers = layers_of(engine._weights)
        assert found.shape[:2] == (len(chats), len(layers))
        for one, residuals in zip(chats, found, strict=True):
            prompt = engine.renderer.prompt(one)
            ids = [*prompt.ids, *(engine.renderer.option_ids(prompt, said[0]) if said else ())]
            with torch.inference_mode():
                states = engine._weights(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
            # After the last layer transformers shows the normed state.
            for depth in range(len(layers) - 1):
                assert residuals[depth] == pytest.approx(states[depth + 1][0, -1].numpy(), rel=1e-3, abs=1e-4)


def test_a_vector_of_another_model_is_refused_before_weights_load(engine, chats, vectors) -> None:
    wide, deep = SteeringVector(0, vectors[0].vector * 2), SteeringVector(99, vectors[0].vector)
    for vector, match in ((wide, "wide"), (deep, "has the layers 0 to")):
        with pytest.raises(AlignbenchError, match=match):
            SteeredEngine(engine, vector).score(chats, [LABELS] * len(chats))
    assert engine._weights is None


def test_a_vector_is_read_as_it_was_written(vectors, tmp_path) -> None:
    vectors[0].save(tmp_path)
    assert SteeringVector.load(tmp_path) == vectors[0]
    assert vectors[0].times(2).vector[0] == 2 * vectors[0].vector[0]


def test_engines_that_cannot_say_so() -> None:
    class Dumb(Engine):
        def generate(self, chats, sampling, adapter=None):
            raise AssertionError

        def score(self, chats, options, adapter=None):
            raise AssertionError

        def close(self) -> None: ...

    with pytest.raises(AlignbenchError, match="backend=hf"):
        SteeredEngine(Dumb(), SteeringVector(0, (1.0,))).score([chat("?")], [LABELS])
    with pytest.raises(AlignbenchError, match="backend=hf"):
        Dumb().residuals([chat("?")])
    assert [name for name, cls in components("backend").items() if cls.steers] == ["hf"]
