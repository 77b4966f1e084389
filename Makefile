# What developers and ops type. Each target builds the virtual environment that it needs, so a fresh clone is enough.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

ARGS ?=
# More options for pip, for torch's sake: where the index has only the CUDA build, name one that has the CPU build,
# as in TORCH_ARGS="--extra-index-url <address of PyTorch's own index for CPUs>".
TORCH_ARGS ?=
# PYTHON=... names another, as long as there is no virtual environment yet.
PYTHON ?= $(shell scripts/choose_python.sh)
# The real Milvus server needs nothing but a Python of these, and stands in an environment of its own.
MILVUS_SERVER := milvus==2.3.5

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq

.PHONY: help run test check alerts chaos bench pictures format index clean lock milvus-server named-python

help:
	@echo 'make run                         everything on this machine, until Ctrl-C'
	@echo 'make run ARGS="--once --json"    the sample tickets, answered once; the figures as JSON'
	@echo 'make test [ARGS="-k words"]      every test'
	@echo 'make check                       format, lint, types'
	@echo 'make alerts                      the alert rules, checked and tried (needs promtool)'
	@echo 'make chaos [ARGS="--kills 100"]   faults and kills against the whole thing; the count as JSON'
	@echo 'make bench                       speed, measured for a quarter of an hour and drawn, into var/bench/'
	@echo 'make pictures                    makes the pictures in docs/ anew, from the sample tickets (needs Chromium)'
	@echo 'make format                      puts the code into its format'
	@echo 'make index                       reads kb/ into the index'
	@echo 'make lock                        new lock files from the pins in pyproject.toml (Python 3.11)'
	@echo 'make clean                       removes what make built; var/ stays'

run: $(VENV)/run.stamp
	@exec $(BIN)/python -m worker.stack $(ARGS)

test: $(VENV)/dev.stamp milvus-server
	@exec $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

check: $(VENV)/dev.stamp
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

alerts:
	@promtool check config ops/prometheus.yml
	@promtool test rules ops/alerts_test.yml

chaos: $(VENV)/run.stamp
	@exec $(BIN)/python scripts/chaos.py $(ARGS)

bench: $(VENV)/run.stamp
	@mkdir -p var/bench
	@$(BIN)/python scripts/bench.py pipeline > var/bench/pipeline.json
	@for n in 8 16 32; do $(BIN)/python scripts/bench.py throughput --concurrency $$n > var/bench/throughput-$$n.json; done
	@for n in 500 2000 5000; do $(BIN)/python scripts/bench.py query --passages $$n > var/bench/query-$$n.json; done
	@$(BIN)/python scripts/bench.py picture --pipeline var/bench/pipeline.json --throughput var/bench/throughput-*.json \
		--query var/bench/query-*.json --svg var/bench/performance.svg

pictures: $(VENV)/dev.stamp
	@mkdir -p docs/pictures
	@DESKHAND_PICTURES=$(CURDIR)/docs/pictures exec $(BIN)/python -m pytest tests/browser/test_pictures.py

format: $(VENV)/dev.stamp
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

index: $(VENV)/run.stamp
	@exec $(BIN)/python scripts/index_kb.py $(ARGS)

lock: $(VENV)/dev.stamp
	@$(BIN)/python scripts/lock.py

clean:
	rm -rf $(VENV) .venv-milvus build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@python='$(PYTHON)'; [ -n "$$python" ] || { echo 'No Python 3.11, 3.12 or 3.13 with the module venv on PATH.' \
		'On Debian: apt-get install python3-venv' >&2; exit 1; }; \
	echo "Making $(VENV) with $$python ($$($$python -V)) ..." >&2; $$python -m venv --clear $(VENV)

# Whoever names a Python would otherwise go on with that of an earlier day, and not know it.
named-python: | $(VENV)/bin/python
ifneq ($(origin PYTHON),file)
	@which='import sys; print("Python", sys.version.split()[0], "of", sys.base_prefix)'; \
	there=$$($(BIN)/python -c "$$which" || true); named=$$($(PYTHON) -c "$$which" || true); \
	[ "$$there" = "$$named" ] || echo "$(VENV) is there already, with $$there: PYTHON=$(PYTHON) is not used." \
		"For another Python: make clean, then this again." >&2
endif

# pyproject.toml too: it says what is part of the package. Touched, or pip's own older files would look newer.
$(VENV)/run.stamp: requirements.lock pyproject.toml | named-python
	@echo 'Installing what requirements.lock names ...' >&2
	@$(PIP) $(TORCH_ARGS) -r requirements.lock >&2
	@$(PIP) --no-deps --no-build-isolation -e . >&2
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@echo 'Installing the tools that requirements-dev.lock names ...' >&2
	@$(PIP) $(TORCH_ARGS) -r requirements-dev.lock >&2
	@touch $@

# Its tests say why they did not run where it is missing; where CI is set, that is a failure.
milvus-server: | $(VENV)/bin/python
	@[ -x .venv-milvus/bin/milvus-server ] || { echo 'Installing the Milvus server for the tests ...' >&2 \
		&& $(BIN)/python -m venv --clear .venv-milvus \
		&& .venv-milvus/bin/python -m pip --disable-pip-version-check install -qq '$(MILVUS_SERVER)' >&2; } \
	|| { rm -rf .venv-milvus; echo 'The Milvus server could not be installed: its tests are skipped.' >&2; [ -z "$${CI:-}" ]; }
