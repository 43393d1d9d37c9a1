# make report: all set-up, then the main job.   make test: all set-up, then the tests.
# Needs Python (3.10 or newer) and make; `make PYTHON=python3.12 test` chooses another.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
DATA ?=
JOBS ?= 2

# One BLAS thread: at these sizes more are slower, and results stay the same on every machine size.
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1
export MPLBACKEND ?= Agg

.PHONY: report test test-long coverage test-oldest dist lint types peers fuzz mutants golden kill-test docs test-all benchmark clean

report: $(VENV)/ready
	$(BIN)/python examples/reproduce_report.py --jobs $(JOBS) $(if $(DATA),--data "$(DATA)")

test: $(VENV)/ready
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --ignore=tests/peers

# What takes longer: the examples and the code of every page in small, schedulers and workers that are killed, faults by
# machine, and all combinations of which `make test` has some.
test-long: $(VENV)/ready
	$(BIN)/python -m pytest -m long -n auto --maxprocesses 4 --ignore=tests/peers

# Both, line by line: which lines of src no test reaches. Counting them takes half as long again.
coverage: $(VENV)/ready
	$(BIN)/python -m pytest -m "" -n auto --maxprocesses 4 --dist loadfile --cov --cov-fail-under=95 --ignore=tests/peers

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready
	$(BIN)/mypy

# Trainings and searches killed at random moments and resumed until done, writers killed; a full disk and a read-only folder where root runs it.
kill-test: $(VENV)/ready
	$(BIN)/python tests/killing.py

# The answers of other libraries, and the pages that have their code. Where PyTorch's build is not to be had, its tests skip
# and say so. Keras has an environment of its own: TensorFlow, the one backend on which it computes in float64, wants an
# older h5py than ours.
KERAS = .venv-keras
PAGES = tests/documentation/test_pages.py::test_the_code_of_a_page_runs
AT_ONCE = -n auto --maxprocesses 2

peers: $(VENV)/ready $(KERAS)/ready
	$(BIN)/python -m pip install --quiet "onnx>=1.17" "onnxruntime>=1.21" "reservoirpy>=0.4"
	$(BIN)/python -c "import torch" 2>/dev/null || $(BIN)/python -m pip install --quiet "torch==2.13.0" || echo "no PyTorch here"
	$(BIN)/python -m pytest -m "" $(AT_ONCE) tests/peers "$(PAGES)[docs/start/coming_from.md]" "$(PAGES)[docs/how-to/export.md]"
	$(KERAS)/bin/python -m pytest -m "" $(AT_ONCE) tests/peers/test_from_and_to_keras.py \
	  "$(PAGES)[docs/start/coming_from.md]" "$(PAGES)[docs/how-to/export.md]"

$(KERAS)/ready: pyproject.toml
	$(PYTHON) -m venv $(KERAS)
	$(KERAS)/bin/python -m pip install --quiet --upgrade pip
	$(KERAS)/bin/python -m pip install --quiet hypothesis pytest pytest-xdist --editable .
	$(KERAS)/bin/python -m pip install --quiet "keras>=3.6" tensorflow-cpu || echo "no Keras on TensorFlow here"
	touch $@

# The digests of results that the suite holds the code to, to the bit, made anew from src. Allowed after a change that is
# meant to change results, or that adds configurations, and says so in its message; or on a machine of other libraries,
# after `--compare` has found nothing between the commit that made the old values and this one (see tests/golden/make.py).
golden: $(VENV)/ready
	$(BIN)/python tests/golden/make.py --src src --write

# Damaged files by the hundred thousand at every reader; FUZZ_ARGS="--mutants 5000 --first 900000" for fewer, and others.
# Those that break a promise are kept in fuzz-failures.
FUZZ_ARGS ?=

fuzz: $(VENV)/ready
	PYTHONPATH=tests $(BIN)/python -m fuzz.run $(FUZZ_ARGS)

# A fault by machine: every change of one statement, call, slice or operator of the backward passes and of the engine meets
# every cell in every situation, then so many of each other room the room's own tests. It ends with what nothing has found;
# what is in mutants/ is not tried again. All of the data: make mutants ROOMS=data MUTANTS_ARGS=. The pages take some
# minutes, the rooms an hour, most of it sweep, whose tests begin processes.
ROOMS ?= rnn metrics sweep data
MUTANTS_ARGS ?= --draw 100 --budget 40

mutants: $(VENV)/ready
	PYTHONPATH=tests $(BIN)/python -m mutation.pages
	@status=0; for room in $(ROOMS); do \
	  PYTHONPATH=tests $(BIN)/python -m mutation.suite $$room $(MUTANTS_ARGS) || status=1; \
	done; exit $$status

# The same work by this library and its peers, for every cell; about three quarters of an hour on two quiet cores.
# Quickly: make benchmark BENCHMARK_ARGS="--quick --cells tanh". A peer that is not to be had is left out, and the results say so.
BENCHMARK = .venv-benchmark
BENCHMARK_ARGS ?= --out benchmarks/RESULTS.md

benchmark: $(BENCHMARK)/ready
	$(BENCHMARK)/bin/python benchmarks/compare.py $(BENCHMARK_ARGS)

$(BENCHMARK)/ready: pyproject.toml
	$(PYTHON) -m venv $(BENCHMARK)
	$(BENCHMARK)/bin/python -m pip install --quiet --upgrade pip
	$(BENCHMARK)/bin/python -m pip install --quiet --editable ".[threads]"
	$(BENCHMARK)/bin/python -m pip install --quiet "torch==2.13.0" || echo "no PyTorch here"
	$(BENCHMARK)/bin/python -m pip install --quiet jax || echo "no JAX here"
	$(BENCHMARK)/bin/python -m pip install --quiet tensorflow-cpu keras || echo "no Keras on TensorFlow here"
	touch $@

# The documentation, into docs/_build/html: warnings are errors, links inside are checked, and where there is a Chromium it
# opens three pages and looks. MathJax comes from npm; where there is no npm, formulas are drawn by the one on the network.
DOCS = .venv-docs
MATHJAX = docs/_build/mathjax/tex-svg.js
HTML = docs/_build/html

docs: $(DOCS)/ready
	test -e $(MATHJAX) || $(MAKE) --no-print-directory $(MATHJAX) || echo "no MathJax from npm: formulas need a network"
	$(DOCS)/bin/python -m sphinx -q -W --keep-going -j $(JOBS) docs $(HTML)
	$(DOCS)/bin/python docs/check_links.py $(HTML)
	$(DOCS)/bin/python docs/check_in_browser.py $(HTML)

$(MATHJAX):
	mkdir -p $(@D)
	cd $(@D) && npm pack --silent mathjax@3.2.2 && tar -xzf mathjax-3.2.2.tgz --strip-components=2 package/es5/tex-svg.js
	rm $(@D)/mathjax-3.2.2.tgz

$(DOCS)/ready: pyproject.toml
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --upgrade pip
	$(DOCS)/bin/python -m pip install --quiet --editable ".[docs]"
	touch $@

# Wheel and sdist, into dist/: checked as an index would, installed in a clean environment outside the checkout, where the
# quickstart runs, and the sdist's tests with the wheel. DIST_ARGS=--no-tests leaves out the tests.
DISTRIBUTION = .venv-dist
DIST_ARGS ?=

dist: $(DISTRIBUTION)/ready
	rm -rf dist
	$(DISTRIBUTION)/bin/python -m build --outdir dist .
	$(DISTRIBUTION)/bin/python -m twine check --strict dist/*
	$(DISTRIBUTION)/bin/python tests/dist.py dist $(PYTHON) $(DIST_ARGS)

$(DISTRIBUTION)/ready: pyproject.toml
	$(PYTHON) -m venv $(DISTRIBUTION)
	$(DISTRIBUTION)/bin/python -m pip install --quiet --upgrade pip
	$(DISTRIBUTION)/bin/python -m pip install --quiet build twine
	touch $@

# The suite on the oldest Python with the oldest of everything that pyproject.toml allows: pyenv's 3.10, or python3.10, or
# `make test-oldest OLDEST_PYTHON=...`. Where there is none, that is an error: what is not tried is not promised.
OLDEST = .venv-oldest
OLDEST_PYTHON ?= $(or $(lastword $(wildcard $(HOME)/.pyenv/versions/3.10.*/bin/python)),python3.10)

test-oldest: $(OLDEST)/ready
	$(OLDEST)/bin/python -m pytest -q -m "" -n auto --maxprocesses 4 --dist loadfile --ignore=tests/peers

$(OLDEST)/ready: pyproject.toml tests/oldest.py
	@$(OLDEST_PYTHON) -c "import sys; sys.exit(sys.version_info[:2] != (3, 10))" 2>/dev/null \
	  || { echo "test-oldest: $(OLDEST_PYTHON) is no Python 3.10; name one: make test-oldest OLDEST_PYTHON=..." >&2; exit 1; }
	$(OLDEST_PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --upgrade pip
	$(OLDEST)/bin/python tests/oldest.py pyproject.toml > $(OLDEST)/requirements.txt
	$(OLDEST)/bin/python -m pip install --quiet --requirement $(OLDEST)/requirements.txt
	$(OLDEST)/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

# The suite on every Python from 3.10 to 3.14 that is on the PATH or among pyenv's versions.
test-all:
	@for version in 3.10 3.11 3.12 3.13 3.14; do \
	  python=$$(ls -d $(HOME)/.pyenv/versions/$$version.*/bin/python 2>/dev/null | tail -n 1); \
	  python=$${python:-python$$version}; \
	  if $$python -c "" 2>/dev/null; then \
	    echo "== $$($$python --version)"; \
	    $(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version || exit 1; \
	  else echo "== no Python $$version on this machine"; fi; \
	done

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev,examples]"
	touch $@

clean:
	rm -rf .venv .venv-3.* .venv-benchmark .venv-dist .venv-oldest .venv-keras .venv-docs docs/_build docs/gallery docs/reference/generated build dist fuzz-failures mutants .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
