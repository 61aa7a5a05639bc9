# Tradepost. `make help` lists the targets; `make dev` and `make test` are all that a newcomer needs.
# Needs Python 3.11 or newer and make. uv is used where it is present, else python -m venv and pip.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed for which target; each is a file that is made anew when the requirements change.
FOR_DEV := $(VENV)/.installed-dev
FOR_TEST := $(VENV)/.installed-test
FOR_CHECK := $(VENV)/.installed-check
# GraphiQL is built by the machine's Node, or else by one from PyPI.
NODE := $(shell command -v node >/dev/null 2>&1 || echo ,node)

# A machine that forbids Python to keep its bytecode makes every start seconds slower.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help dev test test-long check format schema graphiql bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

dev: $(FOR_DEV) ## Start a whole shop: PostgreSQL, Valkey, API, worker, GraphiQL, sample data; Ctrl-C stops it
	@$(BIN)/tradepost dev

test: $(FOR_TEST) ## Run all tests, on a PostgreSQL and a Valkey of their own
	@$(BIN)/python scripts/test_tools.py
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

test-long: $(FOR_TEST) ## Run what takes too long for every change: an hour of fuzzing, soak
	@$(BIN)/python -m pytest -m long $(ARGS)

check: $(FOR_CHECK) ## Check format, lint, types, imports, schema drift, migration drift, links of the docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/tradepost schema drift
	$(BIN)/python scripts/check_migrations.py
	$(BIN)/python scripts/check_links.py

format: $(FOR_CHECK) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

schema: $(FOR_DEV) ## Write schema.graphql from the code
	@$(BIN)/tradepost schema print --output schema.graphql

graphiql: $(FOR_DEV) ## Build GraphiQL into the data directory (make dev does it by itself)
	@$(BIN)/tradepost graphiql

bench: $(FOR_TEST) ## Run the benchmarks, each beside its limit or rival, as ratios of CPU seconds
	@$(BIN)/python -m benchmarks

lock: $(FOR_DEV) ## Write constraints.txt anew from the ranges in pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --no-emit-index-url --no-header --upgrade -o constraints.txt

clean: ## Remove the virtual environment and the data of the development shop
	rm -rf $(VENV) .data

$(FOR_DEV): EXTRAS = embedded$(NODE)
$(FOR_TEST): EXTRAS = embedded,test$(NODE)
$(FOR_CHECK): EXTRAS = embedded,test,check$(NODE)
$(FOR_TEST): SERVES_TOO = $(FOR_DEV)
$(FOR_CHECK): SERVES_TOO = $(FOR_DEV) $(FOR_TEST)
$(FOR_DEV) $(FOR_TEST) $(FOR_CHECK): pyproject.toml constraints.txt scripts/install.sh
	@sh scripts/install.sh "$(PYTHON)" "$(VENV)" "$(EXTRAS)"
	@touch $@ $(SERVES_TOO)
