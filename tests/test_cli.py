"""The command line as a user types it: real processes, real messages."""

import subprocess
import sys
import time
from dataclasses import fields

import pytest

from alignbench.config import ROOMS, conf_dir, register
from alignbench.errors import AlignbenchError
from alignbench.evaluation.survey import Scoring
from alignbench.overrides import check_overrides, choices, config_folders, help_text, per_cell

register()


@pytest.mark.parametrize(
    ("words", "field", "hint"),
    [
        (["culture=irak"], "culture", "iraq"),
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


_OF_SCORING = [f.name for f in fields(Scoring)]


@pytest.mark.parametrize(
    ("words", "today"),
    [
        (["task=benchmark", "extra=neutral"], "extra is now called benchmark: benchmark=neutral"),
        (["extra=blend", "extra.path=x"], "extra is now called benchmark: benchmark=blend"),
        (["benchmark=blend", "extra.path=x"], "extra is now called benchmark: benchmark.path=x"),
        (["benchmark=empathy", "generator@extra.judge=api"], ": generator@benchmark.judge=api"),
        (["benchmark=survey"], "the group scoring: scoring=survey"),
        (["model=nano", "benchmark=compact"], "the group scoring: scoring=compact"),
        (["-m", "benchmark=survey,compact"], "the group scoring: scoring=survey,compact"),
        (["benchmark=neutral", "benchmark.split=validation"], "the group scoring: scoring.split=validation"),
        *([[f"benchmark.{knob}=1"], f"the group scoring: scoring.{knob}=1"] for knob in _OF_SCORING),
    ],
)
def test_a_word_of_an_earlier_version_names_the_one_of_today(words, today):
    with pytest.raises(AlignbenchError) as caught:
        check_overrides(words)
    assert str(caught.value).endswith(today)


def test_what_two_groups_know_is_no_old_word():
    check_overrides(["task=benchmark", "benchmark=globalopinionqa", "benchmark.path=x", "benchmark.js_base=two"])


def test_right_overrides_pass_sweeps_included():
    check_overrides(["-m", "method=none,culturerl", "culture=china,iraq", "seed=0,1", "scoring.split=validation"])
    check_overrides(["model@author.generator.model=qwen2.5_7b", "author=llm", "generator@author.generator=other"])


def test_help_lists_every_choice_with_a_sentence():
    text = help_text()
    for group in [*ROOMS, "culture"]:
        assert f"\n{group}=\n" in text
        for name, sentence in choices(group, config_folders()).items():
            assert len(sentence) > 15, f"{group}/{name} has no sentence"
            assert name in text


def test_every_yaml_is_known_to_help():
    files = {(p.parent.name, p.stem) for p in conf_dir().glob("*/*.yaml")}
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


@pytest.mark.parametrize(("word", "right"), [("culture=irak", "iraq"), ("extra=neutral", "benchmark=neutral")])
def test_a_wrong_word_ends_with_one_message_and_exit_code_two(word, right, tmp_path):
    done, _ = run(word, cwd=tmp_path)
    assert done.returncode == 2
    assert word.partition("=")[2] in done.stderr and right in done.stderr
    assert "Traceback" not in done.stderr


def test_help_needs_no_torch(tmp_path):
    code = (
        "import sys; sys.argv += ['--help']; from alignbench.cli import main; main(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
