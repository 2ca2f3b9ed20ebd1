# Every target is listed by `make help`; each installs what it needs into .venv by itself.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
PK     := schemas detectors pipeline

.DEFAULT_GOAL := help
.PHONY: help run test lint type fmt fuzz bench measure gate chaos kafka schemas lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-9s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 3; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'

$(VENV)/.run: requirements.lock pyproject.toml | $(UV)
	@echo "installing into $(VENV) …" >&2
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/.run ## watch a simulated retailer being learned, disturbed and explained
	@$(BIN)/cogentai demo $(ARGS)

test: $(VENV)/.dev ## the whole suite, against real Kafka brokers, one a processor
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)

lint: $(VENV)/.dev ## style, formatting and the direction of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-cache

type: $(VENV)/.dev ## mypy, strict
	@$(BIN)/mypy

fmt: $(VENV)/.dev ## format, and mend what can be mended
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

fuzz: $(VENV)/.dev ## hostile input for whatever reads what others wrote
	@$(BIN)/python -m tests.fuzz $(ARGS)
	@$(BIN)/python -m tests.fuzz.http
	@$(BIN)/python -m tests.fuzz.flood

bench: $(VENV)/.dev ## events per second beside a bare consumer, and what detection costs
	@$(BIN)/python -m benchmarks.throughput $(ARGS)
	@$(BIN)/python -m benchmarks.cost

measure: $(VENV)/.dev ## all figures of docs/performance.md and docs/scaling.md, within half an hour
	@$(BIN)/python -m benchmarks.throughput --full
	@$(BIN)/python -m benchmarks.latency
	@$(BIN)/python -m benchmarks.ingest
	@$(BIN)/python -m benchmarks.memory
	@$(BIN)/python -m benchmarks.scaling
	@$(BIN)/python -m benchmarks.cost

gate: $(VENV)/.dev ## detection against its tolerances, on short simulated worlds
	@$(BIN)/python -m benchmarks.gate $(ARGS)

chaos: $(VENV)/.dev ## workers and broker killed, paused and replaced: a quarter of an hour; ARGS=--help
	@$(BIN)/python -m tests.chaos $(ARGS)

kafka: $(VENV)/.dev ## a real Kafka broker on this machine, until Ctrl-C
	@$(BIN)/python -m tests.broker $(ARGS)

schemas: $(VENV)/.dev ## render the JSON Schema, AsyncAPI and OpenAPI files
	@$(BIN)/python -m schemas.render

lock: $(UV) ## resolve the lock files anew
	@$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock
	@$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean: ## remove the local environment and everything built or run
	@rm -rf $(VENV) .run dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
