"""The doors of the repository: one version, a changelog that a release can use, forms and workflows that hold."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

import alignbench

ROOT = Path(__file__).parents[1]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.fixture
def release(tmp_path, monkeypatch):
    """The script of the workflow, in a repository of its own with version 1.2.0."""
    spec = importlib.util.spec_from_file_location("release", ROOT / ".ci" / "release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    package = tmp_path / "src" / "alignbench"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "1.2.0"\n')
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def changelog(folder: Path, unreleased: str = "") -> None:
    text = f"# Changelog\n\n## Unreleased\n\n{unreleased}\n\n## 1.2.0 (2026-12-01)\n\n- New.\n\n## 1.1.0\n\n- Old.\n"
    (folder / "CHANGELOG.md").write_text(text)


def test_a_release_is_made_of_its_part_of_the_changelog(release, tmp_path):
    changelog(tmp_path)
    assert release.notes("v1.2.0") == "- New."


@pytest.mark.parametrize(
    ("tag", "unreleased", "reason"),
    [("v1.3.0", "", "package's version 1.2.0"), ("1.2.0", "", "tag"), ("v1.2.0", "- More.", "under Unreleased")],
)
def test_a_release_that_does_not_agree_with_itself_is_refused(release, tmp_path, tag, unreleased, reason):
    changelog(tmp_path, unreleased)
    with pytest.raises(SystemExit, match=reason):
        release.notes(tag)


def test_a_version_without_a_part_is_refused(release, tmp_path):
    (tmp_path / "CHANGELOG.md").write_text("## 1.1.0\n\n- Old.\n")
    with pytest.raises(SystemExit, match="no part on 1"):
        release.notes("v1.2.0")


def test_the_version_is_semantic_stands_in_one_place_and_has_a_part():
    version = alignbench.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert re.search(rf"^## {re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    for name in ("pyproject.toml", "CITATION.cff"):
        assert not re.search(r"^version\s*[:=]", (ROOT / name).read_text(), re.MULTILINE), name


def loaded(name: str) -> dict:
    return yaml.safe_load((ROOT / ".github" / name).read_text(encoding="utf-8"))


def test_what_workflows_and_contributors_are_told_to_call_is_there():
    pages = [*(ROOT / ".github").rglob("*.*"), ROOT / "CONTRIBUTING.md"]
    texts = {page.name: page.read_text(encoding="utf-8") for page in pages}
    assert {"release.yml", "fault.yml", "wish.yml"} <= set(texts)
    for name, text in texts.items():
        assert set(re.findall(r"(?:^ *|[`(])make ([a-z-]+)", text, re.MULTILINE)) <= TARGETS, name
        for script in re.findall(r"[.\w/]+/[\w.]+\.(?:py|yml|md|sh)\b", text):
            assert (ROOT / script).exists(), (name, script)


def test_a_release_builds_wheel_source_and_docs_and_attaches_all():
    steps = loaded("workflows/release.yml")["jobs"]["release"]["steps"]
    runs = " ".join(step.get("run", "") for step in steps)
    order = [
        runs.index(word) for word in (".ci/release.py", "make check", "make wheel", "make docs", "gh release create")
    ]
    assert order == sorted(order) and "dist/*.whl dist/*.tar.gz" in runs


@pytest.mark.parametrize("form", ["fault", "wish"])
def test_issue_forms_are_whole(form):
    found = loaded(f"ISSUE_TEMPLATE/{form}.yml")
    assert found["name"] and found["description"] and len({part["id"] for part in found["body"]}) == len(found["body"])
    assert all(part["type"] in ("textarea", "dropdown") and part["attributes"]["label"] for part in found["body"])
    assert any(part.get("validations") == {"required": True} for part in found["body"])


def test_every_page_of_docs_stands_in_the_site():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} - {"docs/README.md"}
    assert pages <= set(re.findall(r"[\w/]+\.md", text))
