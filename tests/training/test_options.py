"""One-token training: the losses do what they say, and a kill changes nothing."""

import shutil
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from alignbench.aligned import AlignedModel
from alignbench.backend.render import Renderer
from alignbench.errors import AlignbenchError
from alignbench.store.stage import Stage, Tools
from alignbench.store.store import Store
from alignbench.training.losses import distribution_sft, option_grpo
from alignbench.training.options import train_on_options
from alignbench.training.recipe import Select
from alignbench.training.rows import OptionRow
from alignbench.training.selection import Job
from alignbench.types import ModelRef, chat

from .world import QUICK, Killed, assert_same_history, assert_same_run, distance, history, killed_at, majority
from .world import option_rows as rows


@pytest.mark.long
def test_sft_reaches_the_target_distribution_and_says_how(model: ModelRef, tmp_path: Path) -> None:
    gaps: list[float] = []
    chosen = replace(QUICK, select=Select.validation)
    facts = train_on_options(
        Job(model, chosen, 0, tmp_path, lambda s: gaps.append(distance(s, rows())) or -gaps[-1]),
        rows(),
        distribution_sft,
    )
    assert gaps[-1] < 0.03
    assert (facts["base_fingerprint"], facts["selection"]) == (model.fingerprint, "validation")
    once = sum(len(Renderer.of(model).prompt(row.chat).ids) for row in rows())
    assert (facts["prompt_tokens"], facts["generated_tokens"]) == (40 * once, 0)  # 40 updates of all 4 rows
    assert not (tmp_path / "checkpoints").exists()
    entries = history(tmp_path)
    assert [h["update"] for h in entries] == list(range(1, QUICK.updates + 1))
    assert {"loss", "learning_rate", "entropy", "option_mass", "validation"} <= entries[-1].keys()
    assert entries[-1]["learning_rate"] < entries[0]["learning_rate"]


@pytest.mark.long
def test_density_reward_rises_and_keeps_the_entropy_that_majority_reward_destroys(
    model: ModelRef, tmp_path: Path
) -> None:
    last = {}
    plain = partial(option_grpo, density=False)
    for name, loss, paid in (("density", option_grpo, None), ("majority", plain, majority)):
        (tmp_path / name).mkdir()
        train_on_options(Job(model, QUICK, 0, tmp_path / name), rows(rewards=paid), loss)
        entries = history(tmp_path / name)
        assert sum(h["reward"] for h in entries[-5:]) > sum(h["reward"] for h in entries[:5])
        last[name] = entries[-1]
    assert last["density"]["entropy"] > 0.7
    assert last["majority"]["entropy"] < 0.4
    assert last["density"]["option_mass"] > 0.95


@pytest.mark.long
@pytest.mark.parametrize("died_in", [2, 13])  # before the first checkpoint, and between two
def test_a_killed_run_goes_on_to_the_same_result(model: ModelRef, tmp_path: Path, died_in: int) -> None:
    training = replace(QUICK, updates=8, checkpoint_every=3, kl_beta=0.1, lora_dropout=0.1)
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    for folder in (unbroken, broken):
        folder.mkdir()
    train_on_options(Job(model, training, 0, unbroken), rows(), option_grpo)
    with pytest.raises(Killed):
        train_on_options(Job(model, training, 0, broken), rows(), killed_at(died_in, option_grpo))
    assert (broken / "checkpoints").exists() == (died_in > 6)
    train_on_options(Job(model, training, 0, broken), rows(), option_grpo)
    assert_same_run(unbroken, broken)


@pytest.mark.long
@pytest.mark.parametrize("update", [3, 6])  # the best so far or the newest, whichever it is
@pytest.mark.parametrize("file", ["state.pt", "files.json"])
def test_a_checkpoint_that_was_damaged_is_not_gone_on_from(
    model: ModelRef, tmp_path: Path, update: int, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    training = replace(QUICK, updates=8, checkpoint_every=3)
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    for folder in (unbroken, broken):
        folder.mkdir()
    train_on_options(Job(model, training, 0, unbroken), rows(), option_grpo)
    with pytest.raises(Killed):
        train_on_options(Job(model, training, 0, broken), rows(), killed_at(13, option_grpo))
    (kept,) = (broken / "checkpoints").glob("*")
    assert kept.name == "000006"
    shutil.copytree(kept, kept.with_name("000003"), dirs_exist_ok=True)
    damaged = broken / "checkpoints" / f"{update:06d}" / file
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0b1000
    damaged.write_bytes(content)
    train_on_options(Job(model, training, 0, broken), rows(), option_grpo)
    assert f"damage checkpoint {update}: " in capsys.readouterr().out
    assert_same_run(unbroken, broken)


def test_the_micro_batch_changes_memory_only(model: ModelRef, tmp_path: Path) -> None:
    for micro in (1, 4):
        (tmp_path / str(micro)).mkdir()
        train_on_options(
            Job(model, replace(QUICK, updates=3, micro_batch=micro), 0, tmp_path / str(micro)), rows(), option_grpo
        )
    assert_same_history(tmp_path / "1", tmp_path / "4")


def test_a_finished_training_is_not_repeated(model: ModelRef, tmp_path: Path) -> None:
    training = replace(QUICK, updates=2)
    facts = train_on_options(Job(model, training, 0, tmp_path), rows(), distribution_sft)
    assert train_on_options(Job(model, training, 0, tmp_path), rows(), killed_at(1, distribution_sft)) == facts


def test_a_reward_without_any_variance_stops_the_training(model: ModelRef, tmp_path: Path) -> None:
    paid = [replace(row, rewards=(QUICK.invalid_reward,) * len(row.options)) for row in rows()]
    with pytest.raises(AlignbenchError, match="earned the same"):
        train_on_options(
            Job(model, replace(QUICK, patience_zero_variance=4), 0, tmp_path), paid, partial(option_grpo, density=False)
        )
    assert len(history(tmp_path)) == 4


def test_labels_must_be_single_tokens(model: ModelRef, tmp_path: Path) -> None:
    spelt = [OptionRow(chat("How much?"), ("a great deal", "nothing"), (0.5, 0.5), "spelt")]
    with pytest.raises(AlignbenchError, match=r"option label.*a great deal"):
        train_on_options(Job(model, QUICK, 0, tmp_path), spelt, distribution_sft)


def test_prompts_must_fit(model: ModelRef, tmp_path: Path) -> None:
    with pytest.raises(AlignbenchError, match="max_prompt_tokens"):
        train_on_options(Job(model, replace(QUICK, max_prompt_tokens=4), 0, tmp_path), rows(), distribution_sft)


def test_shares_must_add_up() -> None:
    with pytest.raises(AlignbenchError, match="add up"):
        OptionRow(chat("How much?"), ("1", "2"), (0.5, 0.6), "greedy")


@dataclass(frozen=True)
class Left(Stage):
    """A training that left what lies in ``source``."""

    name = "fit"

    source: str

    def build(self, folder: Path, tools: Tools) -> None:
        shutil.copytree(self.source, folder, dirs_exist_ok=True)


def at_work(raw: ModelRef, source: Path, root: Path) -> tuple[ModelRef, Path | None, Path]:
    """The model that is opened, the adapter that is served with it, and the folder of the training."""
    asked: list[ModelRef] = []
    store, fit = Store(root, Remembering(asked)), Left(str(source))
    opened = AlignedModel(raw, fit).at_work(store.tools())
    return asked[-1], opened.adapter, store.get(fit).path


@dataclass
class Remembering:
    """Opens nothing, and notes what it was asked for."""

    asked: list[ModelRef]

    def __call__(self, model: ModelRef) -> None:
        self.asked.append(model)


def test_full_weights_become_a_base_model_of_their_own(raw: ModelRef, practised: Path, tmp_path: Path) -> None:
    model, adapter, folder = at_work(raw, practised, tmp_path / "store")
    assert adapter is None
    assert model.path == folder / "model" and (model.path / "config.json").is_file()
    assert model.fingerprint == folder.name != raw.fingerprint
    assert history(practised)[-1]["option_mass"] > 0.9


def test_an_adapter_keeps_the_base_model(raw: ModelRef, tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    model, adapter, folder = at_work(raw, tmp_path / "adapter", tmp_path / "store")
    assert (model, adapter) == (raw, folder)
