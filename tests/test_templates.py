"""Templates of every kind: what is escaped, what is refused, and whose template counts."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from alignbench.templates import rendered, templates


def test_the_kind_of_the_file_decides_on_escaping(tmp_path: Path) -> None:
    for name in ("page.html.jinja", "card.md.jinja"):
        (tmp_path / name).write_text("{{ said }}")
    texts = {p.name: templates(tmp_path).get_template(p.name).render(said="<b> & c") for p in tmp_path.iterdir()}
    assert texts == {"page.html.jinja": "&lt;b&gt; &amp; c", "card.md.jinja": "&lt;b> & c"}


def test_an_unknown_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "prompt.jinja").write_text("Hello, {{ name }}!\n")
    assert rendered(tmp_path, "prompt", name="you") == "Hello, you!"
    with pytest.raises(UndefinedError, match="name"):
        rendered(tmp_path, "prompt")


def test_the_first_folder_that_has_a_template_gives_it(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jinja").write_text(name)
    (tmp_path / "second" / "b.jinja").write_text("b")
    found = templates(tmp_path / "first", tmp_path / "second")
    assert [found.get_template(f"{name}.jinja").render() for name in "ab"] == ["first", "b"]
