"""What is found in the chat templates of the families in use: ``python -m experiments.templates`` writes the README."""

from pathlib import Path

from alignbench.backend.render import Renderer
from alignbench.types import Message, chat
from experiments.templates.families import FAMILIES, Family

README = Path(__file__).with_name("README.md")
_INTRO = """# Chat templates of the families in use

What alignbench finds in each by rendering probes; `python -m experiments.templates` writes this page. The templates
are ours, in the published shapes, with tokenizers of the same kinds (SentencePiece or bytes, BOS from the tokenizer or
not). `⏎` is a line break. What is *said* is scored, trained and generated, to the special token that ends the turn; it
is the same ids in scores, texts and training on every engine (`tests/backend/test_families.py`).

"""
_HEAD = "| family | a turn: what is read ⟶ what is said | system message | thoughts |\n|---|---|---|---|"


def page() -> str:
    """The README: one row a family."""
    rows = ((name, _turn(family.renderer(name)), *_facts(name, family)) for name, family in FAMILIES.items())
    return _INTRO + "\n".join([_HEAD, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def _turn(renderer: Renderer) -> str:
    prompt, reply = renderer.conversation((*chat("hi"), Message("assistant", "yes")))
    read = renderer.tokenizer.decode(prompt)
    said = renderer.tokenizer.decode([*prompt, *reply]).removeprefix(read)
    return f"{_code(read)} ⟶ {_code(said)}"


def _facts(name: str, family: Family) -> tuple[str, str]:
    template = family.renderer(name).template
    system = "kept" if template.keeps_system else "put before the first question"
    if template.default_system:
        system += "; one of its own where there is none"
    if family.today:
        system += f"; dated {family.today}"
    thoughts = (
        "none" if family.thinking is None else "opened, closed empty" if template.opens_thought else "closed empty"
    )
    return system, thoughts


def _code(text: str) -> str:
    return "`" + text.replace("\n", "⏎").replace("|", r"\|") + "`"


if __name__ == "__main__":
    README.write_text(page(), encoding="utf-8")
