# `make demo`, `make quick`, `make test`, `make lint`: each sets up its own virtual environment first.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Processes that share the tests. Each keeps to one thread, or they would wait for each other's.
WORKERS ?= 2
ONE_THREAD = OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
# Python keeps what it has compiled, which a machine may have forbidden: collecting tests takes twice as long without.
export PYTHONDONTWRITEBYTECODE =
PYTEST = $(ONE_THREAD) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.PHONY: demo quick test lint bench clean

demo: $(VENV)/.installed
	$(BIN)/polytope-lens demo --output demo

quick: $(VENV)/.installed
	@PYTHONPATH=tests $(BIN)/python tests/warm_up.py
	$(PYTEST) --quick

test: $(VENV)/.installed
	@PYTHONPATH=tests $(BIN)/python tests/warm_up.py
	$(PYTEST)

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/run.py

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "polytope_lens needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
