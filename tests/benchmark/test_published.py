import pytest

from alignbench.benchmark.published import is_named
from alignbench.config import conf_dir
from alignbench.data.cultures import culture_named


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("usa", ["U.S.A.", "us", "The United States", "USA", "united_states"]),
        ("uk", ["United Kingdom", "Great Britain", "GBR"]),
        ("korea", ["Korea, South", "South_Korea"]),
        ("myanmar", ["Burma", "Myanmar (Burma)"]),
        ("slovakia", ["Slovak Republic"]),
        ("turkey", ["Türkiye"]),
    ],
)
def test_a_country_is_found_by_the_spellings_of_published_data(name: str, spellings: list[str]) -> None:
    culture = culture_named(name, [conf_dir()])
    assert all(is_named(spelling, culture) for spelling in spellings)
    assert not is_named("Korea, North", culture) and not is_named("", culture)
