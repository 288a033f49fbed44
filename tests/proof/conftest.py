"""Says at the end what the proof went through."""

from tests.proof.knobs import IDLE, SAME_WEIGHTS
from tests.proof.trials import trials


def pytest_terminal_summary(terminalreporter, config):
    if config.getoption("markexpr") != "proof":
        return
    every = [*trials()]
    knobs, components = {trial.knob_name for trial in every}, {trial.component for trial in every}
    cells = {words for trial in every for words in (trial.words, trial.changed)}
    quiet = sum(trial.quiet for trial in every)
    terminalreporter.write_line(
        f"{len(knobs)} knobs of {len(components)} components in {len(every)} trials of {len(cells)} cells:"
        f" {quiet} may change no key, {len(IDLE) + len(SAME_WEIGHTS)} idle here"
    )
