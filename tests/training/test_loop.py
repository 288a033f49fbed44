"""What a training's history keeps of TRL's log."""

from alignbench.training.loop import history_of

STEP = {"step": 1, "loss": 0.5, "learning_rate": 1e-4, "entropy": 0.7}


def test_the_entropy_of_given_replies_is_left_out() -> None:
    """TRL takes its plain mean over micro-batches, so that a memory knob would change a figure."""
    assert history_of([STEP]) == [{"update": 1, "loss": 0.5, "learning_rate": 1e-4}]


def test_the_entropy_of_drawn_replies_is_kept() -> None:
    assert history_of([{**STEP, "reward": 0.2}]) == [
        {"update": 1, "loss": 0.5, "learning_rate": 1e-4, "reward": 0.2, "entropy": 0.7}
    ]


def test_the_closing_summary_is_no_update() -> None:
    assert history_of([STEP, {"step": 1, "train_runtime": 3.0}])[-1]["update"] == 1
    assert len(history_of([STEP, {"step": 1, "train_runtime": 3.0}])) == 1
