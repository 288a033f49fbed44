"""A machine that fails in other ways: each ends in the numbers of an unbroken run, or in one line with a remedy."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from tests.faults import machine
from tests.faults.account import tried
from tests.faults.commands import QUICK, at_boundary, command, figures

TRAINED = ("survey_sft",)
PLAIN = ("none",)
# Seen where stages are deleted: a base model that answers after an adapter was loaded differs by 7e-8 in a score.
ROUNDING = 1e-6
REFUSED = re.compile(r"\nalignbench: .* = .*: .+\n\Z")


def refused(said: str, words: str) -> bool:
    """Whether it ended in one line that says so, and in no traceback."""
    return "Traceback" not in said and REFUSED.search(said) is not None and words in said.splitlines()[-1]


def test_a_disk_that_takes_no_file_is_told_and_the_same_command_goes_on(sweep_of, unbroken):
    sweep = sweep_of(*PLAIN)
    code, said = sweep.run(partial(machine.no_file_above, 2))
    assert code == 2 and refused(said, "ulimit -f"), said
    assert sweep.run()[0] == 0 and sweep.figures() == unbroken(*PLAIN)


@pytest.mark.faults
def test_no_file_may_grow(sweep_of, unbroken):
    times = 0
    for kib in (1, 4, 16, 40, 80, 160):
        sweep = sweep_of(*TRAINED)
        code, said = sweep.run(partial(machine.no_file_above, kib))
        assert (code == 2 and refused(said, "the same command")) or code == 0, said
        times += code != 0
        assert sweep.run()[0] == 0 and sweep.figures() == pytest.approx(unbroken(*TRAINED), abs=ROUNDING)
    assert times >= 3
    tried("a limit on the size of files", times, "`file = '...': a file may not grow so large here: ...`, exit code 2")


@pytest.mark.faults
def test_a_full_disk(sweep_of, unbroken):
    times = 0
    for kib in (8, 60, 200, 320, 500, 800, 1500):
        sweep = sweep_of(*TRAINED)
        with machine.small_disk(sweep.store, kib) as mounted:
            if not mounted:
                pytest.skip("we may not mount a disk here")
            code, said = sweep.run()
            assert (code == 2 and refused(said, "the disk is full: make room")) or code == 0, said
            times += code != 0
            machine.grow(sweep.store)
            assert sweep.run()[0] == 0 and sweep.figures() == pytest.approx(unbroken(*TRAINED), abs=ROUNDING)
    assert times >= 4
    tried("a full disk", times, "`file = '...': the disk is full: make room, and ...`, exit code 2")


@pytest.mark.faults
@pytest.mark.parametrize("what", ["store", "reports"])
def test_what_can_only_be_read(sweep_of, unbroken, what):
    sweep = sweep_of(*PLAIN)
    code, said = sweep.run(partial(machine.read_only, sweep.folder / what))
    if "not allowed here" in said:
        pytest.skip("we may not mount here")
    assert code == 2 and refused(said, "it cannot be written: name a place that can be"), said
    (sweep.folder / what).chmod(0o755)
    assert sweep.run()[0] == 0 and sweep.figures() == unbroken(*PLAIN)
    # A finished store needs no room: the same command may find it so.
    code, said = sweep.run(partial(machine.read_only, sweep.store))
    assert code == 0, said
    tried(f"read-only {what}", 2, "`file = '...': it cannot be written: ...`; a finished store is read all the same")


@pytest.mark.faults
@pytest.mark.parametrize("many", [2, 8])
def test_identical_commands_at_once(sweep_of, unbroken, many):
    sweep = sweep_of(*TRAINED)
    ends = [process.wait() for process in [sweep.start() for _ in range(many)]]
    assert all(code == 0 and "Traceback" not in said for code, said in ends), ends
    built = [line for _, said in ends for line in said.splitlines() if line.startswith("  build ")]
    assert len(built) == len(set(built)), "each stage is built once"
    assert sweep.figures() == pytest.approx(unbroken(*TRAINED), abs=ROUNDING)
    tried(f"{many} identical commands at once", many, "`wait   <stage>: another process is building it`")


@pytest.mark.faults
def test_a_stage_deleted_under_a_run(sweep_of, unbroken):
    times = 0
    for gone in ("base", "partial"):
        for stage in ("respond", "fit", "score"):
            sweep = sweep_of(*TRAINED)

            def delete(at, stage=stage, gone=gone, store=sweep.store):
                event, name = at
                if event == "begin" and name.startswith(f"{stage}/") and gone == "base":
                    for folder in store.glob("*/*"):
                        if folder.is_dir() and not folder.suffix:
                            shutil.rmtree(folder)
                if event == "built" and name.startswith(f"{stage}/") and gone == "partial":
                    shutil.rmtree(store / f"{name}.partial")

            code, said = sweep.run(lambda delete=delete: at_boundary(delete))
            assert code == 0 or (code == 2 and refused(said, "something removed it while this run used it")), said
            assert sweep.run()[0] == 0 and sweep.figures() == pytest.approx(unbroken(*TRAINED), abs=ROUNDING)
            times += 1
    tried("stages, finished or half built, deleted under a run", times,
          "built again, or `file = '...': something removed it while this run used it; ...`")  # fmt: skip


@pytest.mark.faults
def test_a_clock_that_jumps(sweep_of, unbroken):
    sweep = sweep_of(*TRAINED)
    code, said = sweep.run(machine.jumping_clock)
    assert code == 0, said
    assert sweep.run()[0] == 0 and sweep.figures() == pytest.approx(unbroken(*TRAINED), abs=ROUNDING)
    tried("a clock set a day forth and back at every look", 1, "nothing")


@pytest.mark.faults
def test_memory_that_is_short_in_a_batch(sweep_of, unbroken):
    prompt = ("cultural_prompt",)
    wanted = unbroken(*prompt)
    for rows in (40, 7, 1):
        sweep = sweep_of(*prompt)
        code, said = sweep.run(partial(machine.little_memory, rows))
        assert code == 0 and said.count("out of memory: going on with smaller batches") >= 1, said
        assert sweep.figures() == pytest.approx(wanted, abs=ROUNDING)
    for methods, rows, words in (
        (prompt, 0, "one prompt alone fills the memory"),
        (TRAINED, 7, "training.micro_batch"),
    ):
        sweep = sweep_of(*methods)
        code, said = sweep.run(partial(machine.little_memory, rows))
        assert code == 2 and refused(said, words), said
        assert sweep.run()[0] == 0 and sweep.figures() == pytest.approx(unbroken(*methods), abs=ROUNDING)
    seen = "`note   out of memory: going on with smaller batches`; a training, or one prompt alone: refused"
    tried("too little memory for a batch", 5, seen)


@pytest.mark.faults
def test_files_that_show_late(sweep_of, unbroken):
    sweep = sweep_of(*TRAINED)
    harm = partial(machine.late, sweep.store, 0.5)
    ends = [process.wait() for process in [sweep.start(harm) for _ in range(3)]]
    assert all("Traceback" not in said and (code == 0 or refused(said, "")) for code, said in ends), ends
    assert sweep.run()[0] == 0 and sweep.figures() == pytest.approx(unbroken(*TRAINED), abs=ROUNDING)
    tried("files of others that show up half a second late, three commands at once", 3,
          "`reuse  <stage>: another machine has finished it`")  # fmt: skip


@pytest.mark.faults
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("words", [("method=survey_sft",), ("-m", "method=survey_sft,none")], ids=["cell", "sweep"])
def test_a_stop_is_one_line(tmp_path, sweep_of, unbroken, number, code, words):
    unbroken(*TRAINED)
    process = command(tmp_path, *words, *QUICK)
    while (reached := process.boundary()) is not None and not reached[1].startswith("fit/"):
        pass
    time.sleep(0.2)
    os.killpg(process.pid, number)
    ended, said = process.wait()
    name = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}[number]
    assert ended == code and said.endswith(f"alignbench: stopped by {name}; the same command goes on from here\n"), said
    assert "Traceback" not in said
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # no child is left
    ended, said = command(tmp_path, *words, *QUICK).wait()
    assert ended == 0 and "Traceback" not in said, said
    assert figures(tmp_path / "store")
    tried(f"{name}", 1, f"`alignbench: stopped by {name}; the same command goes on from here`, exit code {code}")


@pytest.mark.faults
def test_a_worker_that_dies(tmp_path, unbroken):
    unbroken(*PLAIN)
    two_at_once = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    words = ("-m", "method=survey_sft,none", *two_at_once, *QUICK, "training.updates=60")
    process, killed = command(tmp_path, *words), 0
    while not killed:
        assert process.running, f"it ended before a worker could be killed: {process.wait()}"
        time.sleep(0.02)
        if list((tmp_path / "store").glob("*/*.partial")):
            workers = workers_of(process.pid)
            assert workers
            os.kill(workers[0], signal.SIGKILL)
            killed = workers[0]
    code, said = process.wait()
    assert code == 2 and refused(said, "the system killed it"), said
    code, said = command(tmp_path, *words).wait()
    assert code == 0 and len({cell.split()[1] for cell in figures(tmp_path / "store")}) == 2, said
    tried("a worker of a sweep that dies", 1, "`hydra.launcher = 'a worker died': ...`, and how all cells stand")


def workers_of(pid: int) -> list[int]:
    """Processes below ``pid`` that carry out cells."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat, line = (entry / "stat").read_text(), (entry / "cmdline").read_text()
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[1]) == pid and "loky" in line and "tracker" not in line:
            found.append(int(entry.name))
    return found
