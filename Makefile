# Two commands need nothing but git, make and Python 3.11 or newer:
#   make demo    a workflow is killed in the middle and goes on in another process
#   make test    everything that must hold
# Each sets up what it needs in .venv; nothing is installed outside this folder.

PYTHON ?= python3
VENV   ?= .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip --quiet --disable-pip-version-check
# pytest-xdist: as many processes as there are cores.
JOBS   ?= auto
# make test-python TESTS=tests/store: what pytest is told
TESTS  ?=
# make fuzz N=100000: how many generated programs to try
N      ?= 10000
SEED   ?= 1
OTHERS ?= 3.12 3.13

.PHONY: demo test test-all test-python lint types bench fuzz conformance clean

demo: $(VENV)/.runtime
	$(PY) examples/demo.py

test: lint types test-python

test-python: $(VENV)/.dev
	$(PY) -m pytest -q -n $(JOBS) $(TESTS)

lint: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/lint-imports

types: $(VENV)/.dev
	$(PY) -m mypy

# The tests again under each other Python that this machine has; one it lacks is named and left out.
test-all: test
	@for version in $(OTHERS); do \
	  found=$$(sh tests/find-python.sh $$version) || { echo "python$$version: not on this machine, left out"; continue; }; \
	  echo "== python$$version ($$found)"; \
	  $(MAKE) --no-print-directory test-python PYTHON=$$found VENV=.venv-$$version || exit 1; \
	done

bench: $(VENV)/.dev
	$(PY) -m tests.benchmarks

fuzz: $(VENV)/.dev
	$(PY) -m tests.programs --seed $(SEED) --count $(N)

# CPython's own tests, compiled, with a restart at every statement and call: about ten minutes.
conformance: $(VENV)/.dev
	$(PY) -m tests.conformance --list-failures

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Perdure needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade 'pip>=25.1'

$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable . --group dev
	@touch $@ $(VENV)/.runtime

clean:
	rm -rf .venv .venv-* build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .demo
