"""What the command line says of itself: how to begin, every choice, and versions."""

import shutil
import textwrap
from collections.abc import Sequence

from alignbench import plugins
from alignbench.overrides import GROUPS, choices, config_folders

# What a bare ``python -m alignbench`` says, and how the help page begins: within 80 columns.
HEAD = """\
alignbench: methods of aligning language models with a culture's values,
compared on equal terms. `alignbench` is short for `python -m alignbench`.

a first run, a tiny model, a minute, no download
  alignbench model=nano method=survey_rl culture=iraq
one run: fit, score, report
  alignbench method=survey_rl culture=saudi
a sweep
  alignbench -m method=none,culturerl culture=china,iraq seed=0,1,2
a ready sweep: what is done, what it will cost
  alignbench experiment=nine_cultures task=plan
published protocols side by side
  alignbench -m task=protocols method=culturerl culture=china,iraq
check a model before using it; can it be told a country?
  alignbench task=doctor model=local model.path=DIR
  alignbench task=probe model=local model.path=DIR
the questions of the survey, and who was asked
  alignbench task=items culture=iraq
every knob with its value; every group and every choice, a sentence each
  alignbench method=culturerl --cfg job
  alignbench --help

* Any knob is GROUP.KNOB=VALUE (method.clusters=12, training.updates=112).
  A misspelt one is refused.
* A second use of a group is named by @: generator@critic=other,
  method@baselines.cultural_prompt=persona.
* Another model writes by generator=other model@generator.model=qwen2.5_7b
  backend@generator.backend=vllm, or by generator=api; the same words fill
  generator@critic, generator@author.generator and generator@judge.generator.
* A culture may be called by its country, ISO code or adjective:
  culture="Saudi Arabia", culture=SAU, culture=Saudi.
* Quote lists, because some shells read brackets: "others=[brazil,usa]".
* Your own choices: --config-dir DIR, with DIR/culture/mine.yaml and the like.
* Your own code: 'plugins=[./mine]', begun by alignbench new method NAME (or
  judge, ...); see docs/extending.md.
"""


def help_text(arguments: Sequence[str] = ()) -> str:
    """Every group and every choice with a sentence, as wide as the terminal."""
    lines = [HEAD]
    folders = config_folders(arguments)
    for group in GROUPS:
        options = choices(group, folders)
        if not options:
            continue
        lines.append(f"{group}=")
        width = max(len(name) for name in options)
        lines += [_hanging(f"  {name:<{width}}  ", sentence) for name, sentence in options.items()]
        lines.append("")
    if plugins.loaded():
        lines += ["plugins", *(f"  {plugin}  {plugin.sentence}" for plugin in plugins.loaded()), ""]
    return "\n".join(lines)


def _hanging(name: str, sentence: str) -> str:
    wide, below = shutil.get_terminal_size().columns, " " * len(name)
    return textwrap.fill(
        sentence, wide, initial_indent=name, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )


def version_text() -> str:
    """Our version, and those of the packages that can change a number; none of them is imported."""
    from alignbench import __version__
    from alignbench.store.manifest import versions

    found = {"alignbench": __version__, **versions()}
    return "".join(f"{name} {version}\n" for name, version in found.items())
