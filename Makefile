# The one door to this project. `make help` lists what it opens.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV ?= .venv
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
# Once here, rather than in each of the many processes of a run that may not write it (TensorFlow: 10 s of import, or 4).
export UV_COMPILE_BYTECODE := 1

BIN := $(VENV)/bin
STAMP := $(VENV)/.nas-$(shell cat requirements.txt pyproject.toml <(echo $(CURDIR)) | sha256sum | cut -c1-16)
SOURCES := nas_core dags plugins docker tests benchmarks

.PHONY: help setup demo up down test test-fast fuzz chaos lint format docs lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12

setup: $(STAMP) ## make .venv from requirements.txt; nothing to do when that has not changed

$(STAMP):
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	$(BIN)/python -c "import nas_core.evaluation.direct.loops"  # compiled now, the first search need not wait for it
	@rm -f $(VENV)/.nas-*
	@touch $@

demo: setup ## start Airflow, make a network from a real dataset, show what came out
	@$(BIN)/python docker/demo.py

up: setup ## start Airflow and leave it running; prints its address and password
	@$(BIN)/python docker/standalone.py up

down: ## end what `make up` started
	@test ! -x $(BIN)/python || $(BIN)/python docker/standalone.py down

# A process takes whole files, whose tests share what they start, the slow ones first (tests/conftest.py). No more than
# four where slow tests start many processes of their own: Airflow, Ray, a browser.
SIDE_BY_SIDE = --numprocesses logical --dist loadfile --no-loadscope-reorder

test: setup ## run every test
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --maxprocesses 4

test-fast: setup ## run the tests that take seconds
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --maxprocesses 8 -m "not slow"

fuzz: setup ## ten minutes of damaged tables and archives: none may crash, hang or take the memory
	$(BIN)/python tests/data/fuzz.py --minutes 10

chaos: setup ## kill runs at random moments, fill the disk, take S3 away (about 15 minutes)
	$(BIN)/python tests/chaos.py

lint: setup ## check style, types, the order of imports, and that the generated pages are up to date
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@$(BIN)/nas job-docs | diff docs/job.md - || { echo "docs/job.md is old: run 'make docs'."; exit 1; }

format: setup ## lay out the code as `make lint` wants it
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

docs: setup ## write the generated pages
	$(BIN)/nas job-docs > docs/job.md

# Compiled with the CPU build of torch the lock stays free of CUDA packages, but then it names that build, which few have.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet pyproject.toml --python-version 3.11 \
	--upgrade-package torch $(if $(UV_FIND_LINKS),,--torch-backend cpu)

lock: ## resolve pyproject.toml into requirements.txt, and into docker/requirements.txt for the images
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv; }
	$(COMPILE) --extra test -o requirements.txt
	sed -i -E 's/^(torch==[0-9.]+)\+[a-z0-9]+/\1/' requirements.txt
	$(COMPILE) --extra server -c requirements.txt -o docker/requirements.txt
	sed -i -E 's/^(torch==[0-9.]+)\+[a-z0-9]+/\1/' docker/requirements.txt

clean: down ## remove everything that was made here, the runs left alone
	rm -rf $(VENV) .nas build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
