"""What a training's history keeps of TRL's log."""

from alignbench.training.loop import history_of

STEP = {"step": 1, "loss": 0.5, "learning_rate": 1e-4, "entropy": 0.7}


def test_means_over_micro_batches_are_left_out() -> None:
    """A memory knob would change them."""
    row = {"update": 1, "loss": 0.5, "learning_rate": 1e-4, "reward": 0.2}
    assert history_of([{**STEP, "reward": 0.2, "kl": 0.1}]) == [row]


def test_the_closing_summary_is_no_update() -> None:
    assert history_of([STEP, {"step": 1, "train_runtime": 3.0}])[-1]["update"] == 1
    assert len(history_of([STEP, {"step": 1, "train_runtime": 3.0}])) == 1
