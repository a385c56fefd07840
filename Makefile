# Two commands matter: `make run` and `make test`. Both set up what they need; a second start installs nothing.
PYTHON   ?= python3
TOPOLOGY ?= replica
PORT     ?= 8000
DATA     ?= .data/$(TOPOLOGY)-$(PORT)
BIN      := .venv/bin
READY    := .venv/.installed

.PHONY: run test setup bench soak lint lock clean
.DEFAULT_GOAL := run

run: $(READY)
	@exec $(BIN)/python -m cluster demo --topology $(TOPOLOGY) --port $(PORT) --data-dir $(DATA)

test: lint
	$(BIN)/pytest $(PYTEST)

setup: $(READY)

bench: $(READY) wrk
	$(BIN)/python -m bench

soak: $(READY)
	$(BIN)/pytest -m soak $(PYTEST)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Hashes and exact versions for every supported Python, and no registry's address.
lock: $(READY)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile setup.cfg --all-extras --universal --python-version 3.10 --generate-hashes \
		--no-header --allow-unsafe --quiet --output-file requirements.lock

$(READY): requirements.lock setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "Python 3.10 or newer is needed: make PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: wrk
wrk:
	@command -v wrk >/dev/null || { test "$$(id -u)" = 0 && apt-get update -q && apt-get install -qy wrk; } || \
		{ echo "The benchmarks need wrk: apt-get install wrk"; exit 1; }

clean:
	rm -rf .venv .data
