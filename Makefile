PYTHON ?= python3
BIN := .venv/bin
RUN_ARGS ?=

.PHONY: run test test-all check bench setup clean

run: setup ## sets up and runs the main job on the demo set
	$(BIN)/python -m search.run --trials 200 --data demo $(RUN_ARGS)

test: setup ## sets up and runs every test
	$(BIN)/python -m pytest -n auto --dist worksteal

test-all: setup ## sets up and runs every test
	$(BIN)/python -m pytest -n auto --dist worksteal

check: setup ## ruff, mypy strict, import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## throughput of fit beside a plain loop; DATA=FILE adds preparation
	$(BIN)/python -m benchmarks.throughput
	$(if $(DATA),$(BIN)/python -m benchmarks.preparation $(DATA))

setup: .venv/.installed

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean: ## removes the environment; results under runs/ stay
	rm -rf .venv
