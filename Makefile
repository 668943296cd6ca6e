PYTHON ?= python3
BIN := .venv/bin
RUN_ARGS ?=

QUICK := not slow and not browser and not benchmark
# A module's tests run in one process, so that what they share is made once.
PYTEST = $(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder

.PHONY: run test test-all check bench setup clean

run: setup ## sets up and runs the main job on the demo set
	$(BIN)/python -m search.run --trials 200 --data demo $(RUN_ARGS)

test: setup ## the quick tests, in minutes; a test without what it needs says so
	$(PYTEST) -m '$(QUICK)'

test-all: export HYPOTHESIS_PROFILE ?= ci
test-all: setup ## every test, with slow ones, browsers and benchmarks, and the 25 slowest listed
	$(PYTEST) --durations=25

check: setup ## ruff, mypy strict, import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## throughput of fit beside a plain loop; DATA=FILE adds preparation
	$(BIN)/python -m benchmarks.throughput
	$(if $(DATA),$(BIN)/python -m benchmarks.preparation $(DATA))

setup: .venv/.installed

.venv/.installed: pyproject.toml setup.py avq_search.pth constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean: ## removes the environment; results under runs/ stay
	rm -rf .venv
