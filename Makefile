# The front door. `make demo` and `make test` do all set-up themselves.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
CORES ?= all
RESULTS ?= results

.DEFAULT_GOAL := help
.PHONY: help demo watch test test-faults test-slurm reproduce verify lint types bench bench-gpu docs docs-check schema lock cost contact-sheet

help:  ## show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# A stamp file per lock: a second `make` installs nothing.
$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.run  ## run the benchmark on handwritten digits
	$(BIN)/snakemake --cores $(CORES) --logger altools

watch: $(VENV)/.run  ## say what a run of CONFIG=config/paper.yaml has done and what is left (RESULTS=... if named there)
	@$(BIN)/python -m altools.cli.watch $(or $(CONFIG),config/config.yaml) $(if $(filter command line,$(origin RESULTS)),--results $(RESULTS))

test: $(VENV)/.dev  ## run the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

test-faults: $(VENV)/.dev  ## kill, fill up, damage and set back clocks, for minutes (some of it as root only)
	OMP_NUM_THREADS=1 HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -m "faults or not faults" tests/faults

test-slurm: $(VENV)/.dev  ## run the workflow on a Slurm of one node, kill jobs and the node (root; installs Slurm)
	@tests/slurm/install.sh
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slurm tests/slurm

reproduce: $(VENV)/.dev  ## run the digits twice in different ways (or CONFIG=...) and compare bytes; OLDER=1: as on an older CPU too
	$(BIN)/python -m tests.reproduce $(if $(CONFIG),--configfile $(CONFIG)) $(if $(OLDER),--older-cpu)

verify: $(VENV)/.run  ## read every artefact below RESULTS and name the damaged ones (DELETE=1 removes them)
	$(BIN)/python -m altools.cli.verify $(RESULTS) $(if $(DELETE),--delete)

lint: $(VENV)/.dev  ## formatting, lint, types, layers, workflow lint
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

cost: $(VENV)/.run  ## say how many trainings, queries and images CONFIG=config/paper.yaml means
	@$(BIN)/snakemake --dry-run --quiet all --configfile $(or $(CONFIG),config/config.yaml) -- data

contact-sheet: $(VENV)/.run  ## draw images of every class of DATASET=cifar10 (CONFIG=config/paper.yaml RESULTS=results-paper)
	@test -n "$(DATASET)" || { echo "Name a dataset: make contact-sheet DATASET=digits"; exit 1; }
	$(BIN)/snakemake --cores $(CORES) --logger altools $(if $(CONFIG),--configfile $(CONFIG)) -- $(RESULTS)/data/$(DATASET)/dataset.json
	$(BIN)/python -m altools.cli.contact_sheet $(RESULTS)/data/$(DATASET)/dataset.json $(RESULTS)/figures/$(DATASET)/contact_sheet.png

types: $(VENV)/.dev  ## the type checker alone
	$(BIN)/mypy

bench: $(VENV)/.dev  ## measure, both sides in one run, and write benchmarks/results
	@missed=0; for module in benchmarks benchmarks.feasibility benchmarks.job_overhead benchmarks.scale benchmarks.grid; do \
	  $(BIN)/python -m $$module || missed=1; done; exit $$missed

bench-gpu: $(VENV)/.dev  ## the same on a GPU: training alone and in company, prediction
	$(BIN)/python -m benchmarks.gpu

schema: $(VENV)/.dev  ## write config/schema.json from the typed config
	$(BIN)/python -m altools.config.schema > config/schema.json

docs: $(VENV)/.dev  ## write docs/strategies.md from the docstrings, and the site in site/
	$(BIN)/python docs/generate.py
	$(BIN)/python -m mkdocs build --strict

docs-check: $(VENV)/.dev  ## generated pages in step, links and commands of the documents valid
	$(BIN)/python -m mkdocs build --strict --site-dir $(or $(TMPDIR),/tmp)/altools-site
	$(BIN)/python -m pytest tests/docs tests/workflow/test_readme.py

lock: $(VENV)/.dev  ## pin all dependencies again (needs uv)
	uv pip compile --universal --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
		--constraint constraints.txt pyproject.toml --group dev --group peers --output-file requirements-dev.lock
	uv pip compile --universal --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
		--constraint requirements-dev.lock pyproject.toml --output-file requirements.lock
