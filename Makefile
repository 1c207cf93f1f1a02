# Everything installs into .venv/ in this checkout. `make run` needs Python 3.11, make and git.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
NPM := frontend/npm
ROOMS := api workers service eventstore vault projections domain
# One more than processors: tests wait for browsers, disks and other processes some of their time.
JOBS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))
CODE := $(ROOMS) bench docs tests
PAGE_SOURCES := $(shell find frontend -name node_modules -prune -o -type f -print)

# What Python has compiled is kept, whatever the environment says: without, every start and every test compiles anew.
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: install dev run test check docs bench soak format types lock clean

install: .venv/.installed api/static/index.html  ## what running needs

dev: install .venv/.installed-dev  ## and what tests, checks and benchmarks need

run: install
	exec $(BIN)/strongroom up $(ARGS)

# A file's tests stay together: they share what they started. Files keep their order, so that folders share, too.
test: dev
	$(BIN)/python -m pytest --numprocesses $(JOBS) --maxprocesses 5 --dist loadfile --no-loadscope-reorder $(ARGS)

check: dev
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports
	$(BIN)/deptry $(ROOMS)
	$(NPM) run check
	$(SITE)

# Every warning is an error, a link that leads nowhere above all. Nothing is fetched.
SITE = $(BIN)/python -m sphinx -q -W --keep-going -E -c docs/site -d dist/.docs -b html . dist/docs
docs: dev  ## the pages as a site, in dist/docs/index.html
	$(SITE)

bench: dev
	$(BIN)/python -m bench $(ARGS)

# Not part of `make test`: SOAK="--minutes 30 --people 8" and more.
soak: dev  ## mixed load for half an hour, and whether everything held
	$(BIN)/python -m tests.soak $(SOAK)

types: dev  ## the client's types, from the OpenAPI document
	$(BIN)/python -m tests.docs.openapi --types

format: dev
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

# UPGRADE=--upgrade takes the newest versions; without it, only what pyproject.toml asks for changes.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(UPGRADE) pyproject.toml
lock: dev
	$(COMPILE) --group build --output-file requirements.txt
	$(COMPILE) --group build --group test --group check --group bench --group docs \
		--constraint requirements.txt --output-file requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" $(UPGRADE) --group node --output-file requirements-node.txt

clean:
	rm -rf .venv api/static dist frontend/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Strongroom needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Strongroom needs Python's venv module: on Debian, apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.installed: .venv/pyvenv.cfg requirements.txt pyproject.toml
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

# npm writes this file last of all, so it stands for a whole install.
frontend/node_modules/.package-lock.json: frontend/package.json frontend/package-lock.json | .venv/.installed
	$(NPM) ci --loglevel=error
	@touch $@

api/static/index.html: frontend/node_modules/.package-lock.json $(PAGE_SOURCES)
	$(NPM) run --silent build
