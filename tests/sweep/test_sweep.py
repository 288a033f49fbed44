"""Experiments compose; a sweep leaves out what is done, keeps what failed, and is planned without running."""

import json
import pickle
from types import SimpleNamespace

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import OmegaConf

from alignbench import cli, testing
from alignbench.config import conf_dir, instantiate, register
from alignbench.data.cultures import culture_named
from alignbench.errors import AlignbenchError
from alignbench.overrides import check_overrides, choices
from alignbench.sweep.composer import Composer
from alignbench.sweep.conduct import conduct
from alignbench.sweep.identity import identity
from tests.conftest import FAST

register()
FOLDER = conf_dir() / "experiment"
EXPERIMENTS = sorted(p.relative_to(FOLDER).with_suffix("").as_posix() for p in FOLDER.rglob("*.yaml"))


@pytest.fixture
def composed(tmp_path):
    """Composes the job of a cell as Hydra would in a sweep."""

    def job(words, *more):
        paths = (f"store={tmp_path}/store", f"reports={tmp_path}/reports", "hydra.mode=MULTIRUN")
        return testing.composed(*FAST, *paths, *words, *more)

    yield job
    HydraConfig.instance().cfg = None


def in_process(composed, *more):
    """A launcher: runs the cells here, and counts them."""
    run = cli._run.__wrapped__

    def launch(cells):
        launch.ran += len(cells)
        jobs = []
        for words in cells:
            cfg = composed(words, *more)
            HydraConfig.instance().set_config(cfg)
            jobs.append(SimpleNamespace(return_value=run(cfg)))
        return jobs

    launch.ran = 0
    return launch


@pytest.mark.long
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_composes_and_names_choices_that_exist(name):
    check_overrides([f"experiment={name}", "culture=iraq", "model=nano"])
    cfg = testing.composed(f"experiment={name}")
    axes = OverridesParser.create().parse_overrides([f"{k}={v}" for k, v in cfg.hydra.sweeper.params.items()])
    assert cfg.hydra.mode is RunMode.MULTIRUN
    for axis in axes:
        key, words = axis.get_key_element(), list(axis.sweep_string_iterator())
        if key in ("method", "culture"):
            assert set(words) <= set(choices(key, [conf_dir()])), key
        else:
            for word in words:
                testing.composed(f"experiment={name}", f"{key}={word}")


@pytest.mark.parametrize("name", ["nine_cultures", "main_table"])
def test_the_whole_tables_hold_every_method(compose_config, name):
    compose_config(f"experiment={name}")
    held = {word.strip() for word in HydraConfig.get().sweeper.params.method.split(",")}
    known = {path.stem for path in (conf_dir() / "method").glob("*.yaml")}
    assert known - held <= {"none", "prompt", "native_language", "subpop"} and held <= known


@pytest.mark.long
def test_nine_cultures_are_in_the_survey_and_in_the_planted_world(compose_config):
    cfg = compose_config("experiment=nine_cultures")
    cultures = [word.strip() for word in HydraConfig.get().sweeper.params.culture.split(",")]
    assert len(cultures) == 9
    for survey in ("wvs7", "world"):
        held = instantiate(compose_config(f"survey={survey}").survey).load(())
        assert all(compose_config(f"culture={c}").culture.iso3 in held.answers for c in cultures), survey
    assert cfg.on_error.name == "continue"


def test_one_for_all_trains_on_the_cultures_that_it_asks(compose_config):
    cfg = compose_config("experiment=one_for_all", "method=survey_sft")
    cultures = [culture_named(word, [conf_dir()]) for word in HydraConfig.get().sweeper.params.culture.split(",")]
    assert sorted(culture.iso3 for culture in cultures) == sorted(cfg.method.joint)
    assert {culture.control for culture in cultures} <= {culture.name for culture in cultures}


@pytest.mark.long
def test_a_sweep_goes_on_past_a_failed_cell_and_a_second_one_runs_that_cell_alone(composed, capsys, tmp_path):
    grid = [["method=none", f"culture={c}", "control=false"] for c in ("iraq", "china")]
    wrong = ["method=none", "culture=saudi", "survey=wvs7", "control=false"]
    launch = in_process(composed)
    with pytest.raises(SystemExit) as end:
        conduct([grid[0], wrong, grid[1]], composed, launch)
    said = capsys.readouterr().out
    assert end.value.code == 1 and launch.ran == 3
    assert "2 of 3 cells done, 1 not" in said and "failed     none-saudi-blank-s0" in said
    (file,) = (tmp_path / "store/failed").glob("*.json")
    assert "SAU" in json.loads(file.read_text())["message"]

    with pytest.raises(SystemExit):
        conduct([grid[0], wrong, grid[1]], composed, launch)
    assert launch.ran == 4, "only the failed cell runs again"
    assert "3 cells: 2 done before, 1 to run" in capsys.readouterr().out

    plan = "task=plan"
    conduct([[*words, plan] for words in (grid[0], wrong, grid[1])], composed, launch)
    said = capsys.readouterr().out
    assert launch.ran == 4 and "3 cells: 2 done, 1 failed" in said and "1 respond" in said

    stopping = in_process(composed, "on_error=stop")
    with pytest.raises(SystemExit):
        conduct([wrong, [*grid[0], "seed=5"]], composed, stopping)
    assert "no result  none-iraq-blank-s5" in capsys.readouterr().out


@pytest.mark.long
def test_cells_of_a_model_run_one_after_the_other_whatever_the_order_of_the_axes(composed):
    models = {"nano": ["survey=world", "scoring=compact"], "blank": []}
    grid = [
        ["method=none", "control=false", f"culture={culture}", f"model={model}", *more]
        for culture in ("iraq", "china")
        for model, more in models.items()
    ]
    launched = []

    def launch(cells):
        launched.extend((words[3], words[2]) for words in cells)
        return [SimpleNamespace(return_value=True)] * len(cells)

    conduct(grid, composed, launch)
    expected = [(f"model={model}", f"culture={culture}") for model in models for culture in ("iraq", "china")]
    assert launched == expected


@pytest.mark.long
def test_a_finished_cell_gets_its_page_back(composed, tmp_path):
    grid = [["method=none", "culture=iraq", "control=false"]]
    launch = in_process(composed)
    conduct(grid, composed, launch)
    page = tmp_path / "reports/none-iraq-blank-s0/index.html"
    page.unlink()
    conduct(grid, composed, launch)
    assert page.is_file() and launch.ran == 1


def test_a_cell_that_can_not_be_composed_is_refused_before_any_runs(composed):
    launch = in_process(composed)
    with pytest.raises(AlignbenchError, match="culture=irak"):
        conduct([["culture=iraq"], ["culture=irak"]], composed, launch)
    assert not launch.ran


def test_identity_is_the_meaning_of_a_cell(composed):
    base = identity(composed(["culture=iraq"]))
    assert identity(composed(["culture=iraq", "task=plan", "backend.batch_tokens=64", "on_error=stop"])) == base
    assert identity(composed(["culture=iraq", "seed=1"])) != base
    assert identity(composed(["culture=iraq", "training.updates=3"])) != base


def test_a_config_is_composed_once_and_given_out_in_copies(composed, tmp_path):
    class Loader:
        asked = 0

        def load_sweep_config(self, master_config, sweep_overrides):
            self.asked += 1
            return composed(sweep_overrides)

        def get_search_path(self):
            return SimpleNamespace(get_path=lambda: [SimpleNamespace(path=f"file://{conf_dir()}")])

    loader, master = Loader(), composed([])
    first = Composer(loader, str(tmp_path)).load_sweep_config(master, ["culture=china"])
    again = Composer(loader, str(tmp_path))
    second = again.load_sweep_config(master, ["culture=china"])
    second.seed = 9
    third = again.load_sweep_config(master, ["culture=china"])
    assert loader.asked == 1 and third.seed == 0
    assert OmegaConf.to_container(first) == OmegaConf.to_container(third)
    HydraConfig.instance().set_config(third)
    assert HydraConfig.get().runtime.choices["culture"] == "china"
    assert instantiate(third.culture).iso3 == "CHN"

    def unknown(content):
        raise pickle.PicklingError

    with pytest.MonkeyPatch.context() as patch:  # as in a job, when a file has changed since it was submitted
        patch.setattr(pickle, "dumps", unknown)
        assert again.load_sweep_config(master, ["culture=iraq"]).culture.iso3 == "IRQ"
