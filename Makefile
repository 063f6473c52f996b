# Everything this project does to itself. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
JOBS ?= 2
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := $(BIN)/uv

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- setting up -------------------------------------------------------------------------------

.PHONY: setup
setup: $(READY) ## make .venv with everything the project needs (implied by the others)
	@:

# Done again only when what is to be installed has changed. uv comes from the lock like everything
# else; where it does not run, pip installs the same files, slower.
$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed; name one with make PYTHON=...' >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@awk '/^uv==/,!/\\$$/' requirements.lock > $(VENV)/uv.lock
	@echo 'Installing what requirements.lock names ...'
	@if $(BIN)/python -m pip install --quiet --require-hashes --requirement $(VENV)/uv.lock \
		&& $(UV) pip install --quiet --python $(BIN)/python --require-hashes \
			--requirement requirements.lock \
		&& $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation \
			--editable .; \
	then :; else \
		echo 'uv did not manage; installing with pip ...' >&2; \
		$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock; \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@

# --- using it ---------------------------------------------------------------------------------

.PHONY: run demo bench
run: $(READY) ## start the whole system on this machine (ARGS="..." goes to jiesu up)
	@$(BIN)/jiesu up $(ARGS)

demo: $(READY) ## show one complaint from report to rating (ARGS="...")
	@$(BIN)/jiesu demo $(ARGS)

bench: $(READY) ## measure the product against the engine's floor (ARGS="...")
	@$(BIN)/python -m bench $(ARGS)

# --- holding it to its word -------------------------------------------------------------------

.PHONY: test coverage
test: $(READY) ## run every test (JOBS=2 processes; ARGS="tests/domain -k ...")
	@$(BIN)/pytest -n $(JOBS) $(ARGS)

coverage: $(READY) ## run every test in one process and report the lines it did not reach
	@$(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage report

.PHONY: check style lint types imports deps dead security secrets compose docs
check: style lint types imports deps dead security secrets compose docs ## run every check below

style: $(READY) ## is the code formatted?
	@$(BIN)/ruff format --check .

lint: $(READY) ## ruff's rules
	@$(BIN)/ruff check .

types: $(READY) ## mypy, strict
	@$(BIN)/mypy

imports: $(READY) ## do imports run downward only?
	@$(BIN)/lint-imports

deps: $(READY) ## is every dependency declared, and used?
	@$(BIN)/deptry .

dead: $(READY) ## code that nothing reaches
	@$(BIN)/vulture

security: $(READY) ## known insecure patterns
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml \
		domain store activities workflows audit runtime api workers cli

# Not the lock file, which is nothing but digests, nor recorded histories, which are nothing but
# payloads. What looks like a secret is not tried out anywhere.
secrets: $(READY) ## has somebody committed a key or a password?
	@git ls-files -z -- . ':!requirements.lock' ':!tests/golden/histories' \
		| xargs -0 $(BIN)/detect-secrets-hook --no-verify

compose: $(READY) ## is docker-compose.yml sound, with no default password and no open port?
	@$(BIN)/python scripts/check_compose.py

docs: $(READY) ## do the links and make commands in the documents lead somewhere?
	@$(BIN)/python scripts/check_docs.py

# --- keeping it in order ----------------------------------------------------------------------

.PHONY: format lock sbom clean
format: $(READY) ## format the code and mend what can be mended
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

# Names no host, no address and no path, so that it can be installed from any index.
lock: $(READY) ## write requirements.lock anew (ARGS=--upgrade for the newest versions)
	@$(UV) pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate \
		--quiet --output-file requirements.lock $(ARGS)
	@if grep -nE '://|file:|^-| @ |(^| )[./]' requirements.lock | grep -v -- '^[0-9]*:    --hash='; \
		then echo 'requirements.lock names an address or a path' >&2; exit 1; fi

sbom: $(READY) ## write sbom.cdx.json: what .venv holds, with licences, as CycloneDX
	@$(BIN)/cyclonedx-py environment $(VENV) --pyproject pyproject.toml --output-reproducible \
		--output-file sbom.cdx.json

clean: ## remove .venv, caches and build products (never the data in .jiesu)
	@rm -rf $(VENV) build dist htmlcov sbom.cdx.json .coverage .coverage.*
	@rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
