# `make demo`, `make quick`, `make test`, `make lint`, `make docs`: each sets up its own virtual environment first.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Processes that share the tests.
WORKERS ?= 2
# Python keeps what it has compiled, which a machine may have forbidden: collecting tests takes twice as long without.
export PYTHONDONTWRITEBYTECODE =
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# Pages in headless Chromium, which has to be there: Debian's is `apt install chromium`.
browser: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[browser]"
	$(BIN)/python -m pytest -m browser tests/browser

# The notebooks of docs/notebooks, each in a kernel of its own.
notebooks: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[notebooks]"
	@$(BIN)/polytope-lens warm-up
	$(BIN)/python -m pytest -m notebooks tests/notebooks

# The scripts of docs/gallery, each of which should draw its picture.
gallery: $(VENV)/.installed
	$(PYTEST) -m gallery tests/test_gallery.py

.PHONY: demo quick test browser docs gallery notebooks strict oldest newest lint bench studies wheel sdist test-wheel clean

demo: $(VENV)/.installed
	$(BIN)/polytope-lens demo --folder demo

quick: $(VENV)/.installed
	@$(BIN)/polytope-lens warm-up
	$(PYTEST) --quick

test: $(VENV)/.installed
	@$(BIN)/polytope-lens warm-up
	$(PYTEST)

# All tests in Python's development mode, in processes that they start, too: files and sockets that nobody closed,
# coroutines that nobody awaited and broken memory are errors.
strict: $(VENV)/.installed
	@$(BIN)/polytope-lens warm-up
	PYTHONDEVMODE=1 PYTHONWARNINGS=error $(PYTEST)

# The site, in build/docs/html; a warning fails. Notebooks and scripts of the gallery run; those that have not changed
# are not run again.
docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	$(BIN)/python docs/site/stage.py build/docs
	$(BIN)/python -m sphinx --write-all --fail-on-warning --keep-going --quiet -b html build/docs/source build/docs/html
	@echo "Open build/docs/html/index.html."

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The quick tests with the oldest versions that pyproject.toml allows; torch is that of constraints.txt, and the programs
# that only tests ask are the newest.
oldest:
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/python -m pip install --quiet --disable-pip-version-check uv
	sed 's/"torch>=[0-9.]*", //' pyproject.toml > $(VENV)-oldest/pyproject.toml
	cd $(VENV)-oldest && bin/uv pip compile --quiet --no-header --no-annotate --resolution lowest-direct \
		$(addprefix --extra ,torch onnx sklearn convex graph data film interactive testing) pyproject.toml > oldest.txt
	$(VENV)-oldest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		-r $(VENV)-oldest/oldest.txt torch pytest pytest-xdist \
		onnxruntime highspy pycddlib-standalone trimesh vnnlib z3-solver
	$(VENV)-oldest/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	$(VENV)-oldest/bin/python -m pytest -n $(WORKERS) --dist worksteal --quick -W ignore::DeprecationWarning

# The quick tests with the newest versions of everything that pip finds; torch is that of constraints.txt.
newest:
	$(PYTHON) -m venv --clear $(VENV)-newest
	$(VENV)-newest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(VENV)-newest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	$(VENV)-newest/bin/python -m pip list --disable-pip-version-check
	$(VENV)-newest/bin/python -m pytest -n $(WORKERS) --dist worksteal --quick

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/all.py

# Published tables and measurements beside exact ones, the short versions: docs/studies.
studies: $(VENV)/.installed
	$(BIN)/python studies/all.py

# A wheel of the last commit with machine code for families of processors, so that who installs it compiles nothing.
wheel: $(VENV)/.installed
	rm -rf build/wheel && mkdir -p build/wheel dist
	git archive HEAD | tar -x -C build/wheel
	cd build/wheel && for family in x86-64-v3 x86-64-v4; do \
		NUMBA_CPU_NAME=$$family NUMBA_CPU_FEATURES= NUMBA_CACHE_DIR=src/polytope_lens/_compiled/code \
		PYTHONPATH=src $(abspath $(BIN))/python -m polytope_lens warm-up || exit 1; done
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps -w dist build/wheel

# The sources of the last commit, with tests and pages.
sdist: $(VENV)/.installed
	rm -rf build/sdist && mkdir -p build/sdist dist
	git archive HEAD | tar -x -C build/sdist
	$(BIN)/python -m pip install --quiet --disable-pip-version-check hatchling hatch-fancy-pypi-readme
	cd build/sdist && $(abspath $(BIN))/python -m hatchling build -t sdist -d $(abspath dist)

# The quick tests of a wheel that is installed for the Python that is named, `make test-wheel PYTHON=python3.14`, into an
# environment of its own. Libraries that have no wheel for that Python are named, and tests that want them left out; so is
# torch, unless TORCH=torch asks for it, or VENV_OPTIONS=--system-site-packages where the system has one.
WHEEL ?= $(firstword $(shell ls -t dist/*.whl 2>/dev/null))
WHEEL_VENV ?= build/test-wheel/$(notdir $(PYTHON))
TESTS ?= --quick
EXTRAS = onnx sklearn convex graph data distributed film interactive testing $(TORCH)
PROGRAMS = safetensors onnxruntime highspy duckdb polars pycddlib-standalone trimesh gudhi 'vnnlib>=1' z3-solver
WHEEL_PIP = $(WHEEL_VENV)/bin/python -m pip install --quiet --disable-pip-version-check
test-wheel:
	@test -n "$(WHEEL)" || { echo "There is no wheel in dist: make wheel"; exit 1; }
	test -x $(WHEEL_VENV)/bin/python || $(PYTHON) -m venv $(VENV_OPTIONS) $(WHEEL_VENV)
	$(WHEEL_PIP) $(WHEEL) pytest pytest-xdist
	$(WHEEL_PIP) --force-reinstall --no-deps $(WHEEL)
	@for wanted in $(EXTRAS:%=$(WHEEL)[%]) $(PROGRAMS); do \
		$(WHEEL_PIP) --only-binary :all: "$$wanted" 2>/dev/null || echo "not to be had: $$wanted"; done
	PYTHONPATH=tests $(WHEEL_VENV)/bin/python -m pytest -c pyproject.toml -n $(WORKERS) --dist worksteal \
		-p against_wheel $(TESTS) tests \
		$$(cd / && $(abspath $(WHEEL_VENV))/bin/python -c "import polytope_lens as p; print(*p.__path__)")

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "polytope_lens needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-oldest $(VENV)-newest demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
