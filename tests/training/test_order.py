from collections import Counter

from alignbench.seeds import seed_of
from alignbench.training import Training

FOUR = Training(prompts_per_update=4)


def test_every_epoch_shows_every_row_once_in_an_order_of_its_own() -> None:
    shown = [row for update in range(6) for row in Training(prompts_per_update=3).rows_of(update, 9, 1)]
    assert sorted(shown[:9]) == sorted(shown[9:]) == list(range(9))
    assert shown[:9] != shown[9:]


def test_updates_may_straddle_epochs_and_exceed_the_rows() -> None:
    assert len(Training(prompts_per_update=3).rows_of(1, 5, 0)) == 3
    assert Counter(Training(prompts_per_update=6).rows_of(0, 2, 0)) == {0: 3, 1: 3}


def test_order_and_seeds_depend_on_the_seed_alone() -> None:
    assert FOUR.rows_of(3, 20, 7) == FOUR.rows_of(3, 20, 7)
    assert FOUR.rows_of(3, 20, 7) != FOUR.rows_of(3, 20, 8)
    assert seed_of(0, "update", 12) == seed_of(0, "update", 12) != seed_of(0, "update", 13)
    assert 0 <= seed_of("x") < 2**31
