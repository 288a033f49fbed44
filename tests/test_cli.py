"""The command line as a user types it: real processes, real messages."""

import os
import shlex
import subprocess
import sys
import time
from dataclasses import fields

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from alignbench import __version__
from alignbench.config import ROOMS, conf_dir, register
from alignbench.errors import AlignbenchError
from alignbench.evaluation.survey import Scoring
from alignbench.overrides import (
    check_overrides,
    checked,
    choices,
    config_folders,
    per_cell,
    refuse_former,
    with_culture_names,
)
from alignbench.suggestions import MEANT
from alignbench.usage import help_text
from alignbench.words import with_paths_quoted
from tests.typed import typed

register()


@pytest.mark.parametrize(
    ("words", "field", "hint"),
    [
        (["culture=irak"], "culture", "iraq"),
        (["culture=iraq,irna"], "culture", "iran"),
        (["method=grpo"], "method", "did you mean culturerl?"),
        (["method=none,grpo"], "method", "did you mean culturerl?"),
        (["method=none,culturlr"], "method", "did you mean culturerl"),
        (["model=gpt2"], "model", "model=local model.path="),
        (["task=eval"], "task", "did you mean run?"),
        (["others=brazil"], "others", '"others=[brazil]"'),
        (["others=brazil,usa"], "others", '"others=[brazil,usa]"'),
        (["method=culturerl", "method.joint=IRQ"], "method.joint", '"method.joint=[IRQ]"'),
        (["method=culturerl", "method.clutsers=9"], "method.clutsers", "clusters"),
        (["method=culturerl", "method.reward=gold"], "method.reward", "verdict"),
        (["training.updates=many"], "training.updates", "Integer"),
        (["sede=1"], "sede", "seed"),
        (["scoring.split=tset"], "scoring.split", "validation"),
        (["model@generator.model=qwen2.5_7", "generator=other"], "model@generator.model", "qwen2.5_7b"),
        (["generator.model.pth=x", "model@generator.model=blank", "generator=other"], "generator.model.pth", "path"),
        (["model@critic.model=blank"], "model@critic.model", "generator=other"),
        (["generator@critic=other", "model@critic.model=nano"], "model@critic.model", "survey"),
    ],
)
def test_a_wrong_override_is_named_with_a_remedy(words, field, hint):
    with pytest.raises(AlignbenchError) as caught:
        check_overrides(words)
    assert caught.value.field == field
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("culture=Saudi Arabia", "culture=saudi"),
        ("culture=SAU", "culture=saudi"),
        ("culture=saudi-arabian", "culture=saudi"),
        ("culture=iraq,Saudi Arabia", "culture=iraq,saudi"),
        ("culture='the Netherlands',KOR", "culture=netherlands,korea"),
        ("others=[Brazil,'United States']", "others=[brazil,usa]"),
        ("culture.control=Egyptian", "culture.control=egypt"),
        ("culture=glob(ira*)", "culture=glob(ira*)"),
        ("survey.path=IRQ", "survey.path=IRQ"),
    ],
)
def test_a_culture_is_known_by_any_of_its_names(typed, meant):
    assert with_culture_names(["-m", typed]) == ["-m", meant]


@pytest.mark.parametrize("name", ["a=b.csv", "a,b.csv", "a [1] (2).csv", "it's.csv", "{a}:b.csv", "a b.csv", "1.50"])
def test_the_path_of_a_file_may_hold_any_mark(name, tmp_path):
    (tmp_path / name).touch()
    for path in (tmp_path / name, tmp_path):
        (word,) = with_paths_quoted([f"survey.path={path}"])
        assert OverridesParser.create().parse_override(word).value() == str(path)
    assert with_paths_quoted([f"survey.path={tmp_path}"]) == [f"survey.path={tmp_path}"], "nothing to quote"


def test_every_suggestion_names_a_choice_for_a_word_that_is_none():
    for group, meant in MEANT.items():
        known = choices(group, config_folders())
        for choice, words in meant.items():
            assert choice in known and not known.keys() & words.split(), f"{group}={choice}"


def test_a_launcher_that_cannot_run_here_is_refused_before_anything_starts(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(AlignbenchError, match=r"hydra/launcher = 'slurm': there is no Slurm here.*submitit_local"):
        checked(["-m", "hydra/launcher=slurm", "culture=iraq,china"])
    assert checked(["-m", "hydra/launcher=slurm", "task=plan"]), "a plan launches nothing"
    monkeypatch.setattr("alignbench.overrides.find_spec", lambda name: None)
    with pytest.raises(AlignbenchError, match=r"pip install 'alignbench\[joblib\]'"):
        checked(["-m", "hydra/launcher=joblib"])


@pytest.mark.parametrize(
    ("words", "today"),
    [
        (["task=benchmark", "extra=neutral"], "extra is now called benchmark: benchmark=neutral"),
        (["extra=blend", "extra.path=x"], "extra is now called benchmark: benchmark=blend"),
        (["benchmark=blend", "extra.path=x"], "extra is now called benchmark: benchmark.path=x"),
        (["benchmark=empathy", "generator@extra.judge=api"], ": generator@benchmark.judge=api"),
        (["benchmark=survey"], "the group scoring: scoring=survey"),
        (["method=culturerl", "method.reward=support"], "now: method=survey_rl method.reward=support"),
        (["method=culturerl", "method.prompts=mix"], "method=culturerl: without method.prompts=mix"),
        (["model=nano", "benchmark=compact"], "the group scoring: scoring=compact"),
        (["-m", "benchmark=survey,compact"], "the group scoring: scoring=survey,compact"),
        (["benchmark=neutral", "benchmark.split=validation"], "the group scoring: scoring.split=validation"),
        (["benchmark.answer=text"], "is taken is now scoring.elicit: scoring.elicit=text"),
        (["scoring.answer=text"], "is taken is now scoring.elicit: scoring.elicit=text"),
        (["-m", "scoring.answer=label,text"], "is now scoring.elicit: scoring.elicit=label,text"),
    ],
)
def test_a_word_of_an_earlier_version_names_the_one_of_today(words, today):
    with pytest.raises(AlignbenchError) as caught:
        check_overrides(words)
    assert str(caught.value).endswith(today)


def test_every_knob_that_scoring_had_as_benchmark_names_scoring():
    parser = OverridesParser.create()
    later = {"checkpoints_on_test", "elicit", "samples", "sample_seed", "tolerance", "reply_tokens"}
    for knob in {f.name for f in fields(Scoring)} - later:
        with pytest.raises(AlignbenchError, match=f"the group scoring: scoring.{knob}=1$"):
            refuse_former(parser.parse_override(f"benchmark.{knob}=1"))


def test_what_two_groups_know_is_no_old_word():
    check_overrides(["task=benchmark", "benchmark=globalopinionqa", "benchmark.path=x", "benchmark.js_base=two"])


def test_right_overrides_pass_sweeps_included():
    check_overrides(["-m", "method=none,culturerl", "culture=china,iraq", "seed=0,1", "scoring.split=validation"])
    check_overrides(["model@author.generator.model=qwen2.5_7b", "author=llm", "generator@author.generator=other"])


@pytest.mark.parametrize("path", ["/m/a=b", "/m/a[1]", "/m/it's", "/m/a(b)", "/m/{x}", "/m/#a", '/m/"a"', "/m/a=b,c"])
def test_a_path_with_signs_is_told_the_quotes_with_which_it_can_be_read(path):
    with pytest.raises(AlignbenchError, match=r"^store = .*quote the value") as caught:
        checked([f"store={path}"])
    (said,) = shlex.split(str(caught.value).rpartition("for the shell: ")[2])
    assert with_paths_quoted([said]) == [said]
    assert OverridesParser.create().parse_override(said).value() == path


def test_a_bracket_left_open_is_named():
    with pytest.raises(AlignbenchError, match=r"^others = '\[iraq,china': every bracket must be closed"):
        checked(["others=[iraq,china"])


def test_ranges_and_globs_are_sweeps():
    assert checked(["-m", "seed=range(0,2)", "culture=glob(ira*)"]) == ["-m", "seed=range(0,2)", "culture=iran,iraq"]
    assert checked(["-m", "culture=glob([ira*,chi*],exclude=chile)"]) == ["-m", "culture=china,iran,iraq"]
    for word, field in (("culture=glob(zz*)", "culture"), ("seed=glob(0*)", "seed"), ("seed=interval(0,1)", "seed")):
        with pytest.raises(AlignbenchError) as caught:
            checked(["-m", word])
        assert caught.value.field == field


def test_help_lists_every_choice_with_a_sentence():
    text = help_text()
    for group in [*ROOMS, "culture"]:
        assert f"\n{group}=\n" in text
        for name, sentence in choices(group, config_folders()).items():
            assert len(sentence) > 15, f"{group}/{name} has no sentence"
            assert name in text


def test_on_a_terminal_of_80_columns_help_breaks_between_words(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    narrow = help_text()
    # A path or an example without a blank is longer than what is left of the line.
    assert all(len(line) <= 80 or " " not in line.strip() for line in narrow.splitlines())
    monkeypatch.setenv("COLUMNS", "1000")
    assert narrow.split() == help_text().split()


def test_every_yaml_is_known_to_help():
    paths = (p.relative_to(conf_dir()).with_suffix("").as_posix() for p in conf_dir().glob("*/**/*.yaml"))
    files = {tuple(path.split("/", 1)) for path in paths}
    listed = {(group, name) for group in {g for g, _ in files} for name in choices(group, config_folders())}
    assert files == listed


def run(*words, cwd):
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "alignbench", *words], cwd=cwd, capture_output=True, text=True)
    return done, time.monotonic() - started


def test_knobs_of_a_swept_group_are_left_to_the_cells():
    words = ["-m", "method=culturerl,survey_sft", "method.joint=[IRQ,CHN]", "culture=iraq,china", "training.updates=3"]
    check_overrides(words)
    assert per_cell(words) == [*words[:2], "method.joint=choice([IRQ,CHN])", *words[3:]]
    alone = ["method=culturerl", "method.joint=[IRQ,CHN]"]
    assert per_cell(alone) == alone


def test_a_wrong_word_ends_with_one_message_and_exit_code_two(tmp_path):
    done, _ = run("culture=irak", cwd=tmp_path)
    assert done.returncode == 2
    assert "irak" in done.stderr and "iraq" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_word_of_an_earlier_version_is_answered_with_the_present_one(tmp_path):
    done = typed("extra=neutral", cwd=tmp_path)
    assert done.returncode == 2 and "extra" in done.stderr and "benchmark=neutral" in done.stderr


def test_help_needs_no_torch(tmp_path):
    code = (
        "import sys; sys.argv += ['--help']; from alignbench.cli import main; main(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)


def test_alone_it_says_how_to_begin_and_begins_nothing(tmp_path):
    done, _ = run(cwd=tmp_path)
    assert done.returncode == 0 and "model=nano" in done.stdout and "--help" in done.stdout
    assert not list(tmp_path.iterdir())


def test_the_version_is_our_own_and_loads_nothing(tmp_path):
    code = (
        "import sys; sys.argv += ['--version']; from alignbench.cli import main; main(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    lines = done.stdout.split("\n")
    assert lines[0] == f"alignbench {__version__}" and "False" in lines
    assert any(line.startswith("torch ") for line in lines) and any(line.startswith("transformers ") for line in lines)


@pytest.mark.long
def test_tab_completion_installs_and_completes(tmp_path):
    """In bash as ``--hydra-help`` says it; ``COMPREPLY`` is what the shell would offer."""
    alignbench = tmp_path / "alignbench"
    alignbench.write_text(f"#!{sys.executable}\nfrom alignbench.cli import main\nmain()\n")
    alignbench.chmod(0o755)
    script = """eval "$(alignbench -sc install=bash)"
    COMP_LINE="alignbench method=culturer" COMP_CWORD=1
    hydra_bash_completion; echo "${COMPREPLY[@]}" """
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "method=culturerl", done.stderr


def test_a_launcher_without_a_sweep_is_refused_rather_than_left_out(tmp_path):
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="pip install 'alignbench[joblib]'")
    done = typed("model=nano", "hydra/launcher=joblib", cwd=tmp_path)
    assert done.returncode == 2 and "hydra/launcher = 'joblib'" in done.stderr and "add -m" in done.stderr
    assert not (tmp_path / "outputs/store").exists()


def test_a_model_without_a_path_is_not_given(tmp_path):
    done = typed("model=local", "task=plan", cwd=tmp_path)
    assert done.returncode == 2 and "model.path = 'not given'" in done.stderr and "???" not in done.stderr
