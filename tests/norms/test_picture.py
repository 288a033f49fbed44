from itertools import pairwise

import pytest

from alignbench.norms.picture import _spread, draw_pool
from alignbench.norms.pool import build_pool


def test_the_picture_is_a_png_of_the_promised_size(survey, words, tmp_path):
    draw_pool(build_pool(survey, "CCC", "Ceeland", words, clusters=3), tmp_path / "pool.png")
    content = (tmp_path / "pool.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (1350, 900)


@pytest.mark.parametrize("wanted", [[0.5] * 6, [0.9, 0.89, 0.5, 0.1, 0.09, 0.08], [0.05] * 5])
def test_names_keep_apart_and_inside(wanted):
    lines = [3] * len(wanted)
    placed = _spread(wanted, lines)
    assert all(above - below >= 3 * 0.036 for above, below in pairwise(placed))
    assert placed[-1] > 0.05
    assert placed[0] < 0.95
