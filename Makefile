# Two commands matter: `make run` and `make test`. Both set up what they need; a second start installs nothing.
PYTHON   ?= python3
TOPOLOGY ?= replica
PORT     ?= 8000
APPS     ?= 1
DATA     ?= .data/$(TOPOLOGY)-$(PORT)
BIN      := .venv/bin
READY    := .venv/.installed
PARALLEL ?= -n 2 --dist loadgroup
MONGOSH  := tools/mongosh/node_modules/.bin/mongosh

NPM      := frontend/node_modules/.installed
SITE     := frontend/dist/.built
PAGES    := $(shell find frontend/src frontend/public frontend/build -type f) $(wildcard frontend/*.json frontend/*.html frontend/*.ts)
NODE20    = node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>/dev/null && command -v npm >/dev/null

.PHONY: run test setup site bench load soak router-suite lint lock clean
.DEFAULT_GOAL := run

run: $(READY) site
	@exec $(BIN)/python -m cluster demo --topology $(TOPOLOGY) --port $(PORT) --apps $(APPS) \
		--data-dir $(DATA)

# What fails runs a second time by itself: only what fails again is a failure, and what does not is named as flickering.
# With PYTEST=… only that part runs, without the front end's tests.
test: lint mongosh deployment-tools site $(if $(PYTEST),,front-test)
	SHARDMART_MONGOSH=$(wildcard $(abspath $(MONGOSH))) tests/run $(BIN)/pytest $(PARALLEL) $(PYTEST)
	$(if $(PYTEST),,$(MAKE) browser-test)

setup: $(READY) site

bench: $(READY) wrk site
	$(BIN)/python -m bench
	@if $(NODE20); then $(MAKE) --no-print-directory browser-bench; fi

# About 20 minutes; writes the table of docs/results.md.
load: $(READY)
	$(BIN)/python -m loadtests.matrix --out .data/load/matrix --table docs/results.md $(LOAD)

soak: $(READY)
	$(BIN)/pytest -m soak $(PYTEST)

# The router's suite against a real mongos: make router-suite MONGOS=/path/to/mongos SHARDMART_MONGOD=/path/to/mongod
router-suite: $(READY) mongosh
	SHARDMART_MONGOSH=$(wildcard $(abspath $(MONGOSH))) SHARDMART_MONGOS=$(MONGOS) $(BIN)/pytest tests/router

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Hashes and exact versions for every supported Python, and no registry's address. The second is a part of the first:
# what the shop needs to run, and to be built in an image.
lock: $(READY)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile setup.cfg --all-extras --universal --python-version 3.10 --generate-hashes \
		--no-header --allow-unsafe --quiet --output-file requirements.lock
	echo setuptools | $(BIN)/uv pip compile setup.cfg - --constraint requirements.lock --universal \
		--python-version 3.10 --generate-hashes --no-header --no-annotate --allow-unsafe --quiet \
		--output-file requirements-app.lock

$(READY): requirements.lock setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "Python 3.10 or newer is needed: make PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# ---- the front end: built when there is a Node for it, and again only when its inputs changed

site:
	@if $(NODE20); then $(MAKE) --no-print-directory $(SITE); else \
		echo "The shop's pages need Node 20 or newer with npm to be built (https://nodejs.org); the API works without."; fi

$(SITE): $(NPM) $(PAGES)
	cd frontend && npm run --silent build -- --logLevel warn
	@touch $@

$(NPM): frontend/package-lock.json frontend/package.json frontend/.npmrc
	cd frontend && npm ci --ignore-scripts --silent
	@touch $@

# The API's document and the types made of it, after a change of the API.
.PHONY: types front-test browser-test chromium
types: $(READY) $(NPM)
	$(BIN)/python tools/openapi_document.py > frontend/openapi.json
	cd frontend && npm run --silent types

front-test: node20 $(SITE)
	cd frontend && npm run --silent types -- --check && npm run --silent lint && npm run --silent typecheck && npm test

LIGHTHOUSE := frontend/lighthouse/node_modules/.installed
$(LIGHTHOUSE): frontend/lighthouse/package-lock.json frontend/lighthouse/.npmrc
	cd frontend/lighthouse && npm ci --ignore-scripts --silent
	@touch $@

browser-test: node20 $(READY) $(SITE) $(LIGHTHOUSE) chromium
	cd frontend && npm run --silent e2e

.PHONY: node20 browser-bench
browser-bench: $(SITE) $(LIGHTHOUSE) chromium
	cd frontend && npm run --silent bench

node20:
	@$(NODE20) || { echo "The front end's tests need Node 20 or newer with npm: https://nodejs.org"; exit 1; }

chromium:
	@command -v $${CHROMIUM:-chromium} >/dev/null || { test "$$(id -u)" = 0 && apt-get update -q && apt-get install -qy chromium; } || \
		{ echo "The browser tests need Chromium: apt-get install chromium"; exit 1; }

# MongoDB's own shell drives the router in one test; without npm that test says that it was left out.
.PHONY: mongosh
mongosh:
	@test -x $(MONGOSH) || ! command -v npm >/dev/null || (cd tools/mongosh && npm ci --ignore-scripts --silent)

# nginx before several app nodes, and the Compose tool that reads the two Compose files (no engine).
.PHONY: deployment-tools
deployment-tools: iproute2
	@PATH=$$PATH:/usr/sbin; { command -v nginx && command -v docker-compose; } >/dev/null || \
		{ test "$$(id -u)" = 0 && apt-get update -q && \
		  RUNLEVEL=1 apt-get install -qy --no-install-recommends nginx docker-compose; } || \
		{ echo "The tests of the deployment need two programs: apt-get install nginx docker-compose"; exit 1; }

# Partitions between members; without it, or without root, their refusal is tested in their place.
.PHONY: iproute2
iproute2:
	@PATH=$$PATH:/usr/sbin:/sbin; command -v ip >/dev/null || test "$$(id -u)" != 0 || \
		{ apt-get update -q && apt-get install -qy --no-install-recommends iproute2; } || true

.PHONY: wrk
wrk:
	@command -v wrk >/dev/null || { test "$$(id -u)" = 0 && apt-get update -q && apt-get install -qy wrk; } || \
		{ echo "The benchmarks need wrk: apt-get install wrk"; exit 1; }

clean:
	rm -rf .venv .data frontend/node_modules frontend/dist
