# `make` lists the targets. Everything runs in .venv, which `make setup` makes and keeps up to date;
# in the development container it is where VENV says, since .venv is made for this machine.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# Tests start hundreds of programs, which would compile every module each time.
unexport PYTHONDONTWRITEBYTECODE

VENV ?= .venv
BIN := $(VENV)/bin

# The Python that .venv was made with, or else one that TorchServe was tried with.
PYTHONS = $(shell sed -n 's/^executable = //p' $(VENV)/pyvenv.cfg 2>/dev/null) \
	python3.13 python3.12 python3.11 python3.14 python3
IS_NEW_ENOUGH = import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(or $(shell for python in $(PYTHONS); do \
	"$$python" -c '$(IS_NEW_ENOUGH)' >/dev/null 2>&1 && echo "$$python" && break; done),python3)

# What the walkthrough's targets can be told, as in: make register-model num_workers=2
model_name := mnist
model_version := 1.0
tserve_url := http://127.0.0.1
models_port := 8081
num_workers := 1
model_url := $(value model_name).mar
container_name := tsmon-dev
image := pytorch/torchserve:latest-cpu

# One of these as one word for the shell, whatever is in it.
quoted = $(if $(value $1),'$(subst ','\'',$(value $1))',$(error $1 is empty: give it a value, or leave it out))

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^##@/ { print "\n" substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ First steps

.PHONY: setup demo observe
setup: ## Make .venv with all that is needed; does nothing when nothing changed
	@$(PYTHON) tools/setup_venv.py $(VENV)

demo: setup ## Serve the digit model and open the monitor
	$(BIN)/tsmon demo

observe: setup ## Serve it with Prometheus and Grafana, as far as they are there
	$(BIN)/tsmon observe

##@ Checks

# Processes share what computes, one more than cores since tests wait as well; tests of a real server
# measure time and want it alone.
PROCESSES = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
SHARED = -n $(PROCESSES) --dist worksteal

.PHONY: check test lint types imports test-unit test-tui test-integration coverage test-versions snapshots format
test: lint types imports ## All of them: style, types, import rules, tests
	$(BIN)/pytest $(SHARED) tests/unit tests/model tests/tui tests/snapshots tests/faults tests/fuzz tests/hostile
	$(BIN)/pytest tests/contract tests/integration

check: setup ## Before each commit: style, types, import rules, unit tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q $(SHARED) tests/unit

lint: setup ## Style, and security: ruff, bandit, pip-audit
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m tools.audit

types: setup ## Types
	$(BIN)/mypy

imports: setup ## Which package may import which
	$(BIN)/lint-imports

test-unit: setup ## Tests that need no server
	$(BIN)/pytest $(SHARED) tests/unit

test-tui: setup ## Tests of the screens
	$(BIN)/pytest $(SHARED) tests/tui

test-integration: setup ## Tests with a real TorchServe
	$(BIN)/pytest tests/integration

coverage: setup ## Branch coverage of each room, which must not be less than its floor
	$(BIN)/pytest -q $(SHARED) --cov --cov-report= tests/unit tests/model tests/tui
	$(BIN)/python -m tools.coverage_floors

test-versions: setup ## Tests on a real server of each version of TorchServe, for docs/versions.md
	$(BIN)/python -m tools.versions

snapshots: setup ## Take the pictures of the screens anew; look at the difference before a commit
	TSMON_TAKE_SNAPSHOTS=1 TSMON_DRAW_SNAPSHOTS=build/snapshots $(BIN)/pytest -q tests/snapshots

format: setup ## Put the style right
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: monkey
seeds := 20
first := 1
monkey: setup ## Press random keys on the monitor of a fake server with faults (first, seeds)
	$(BIN)/python -m tests.tui.monkey --first $(first) --seeds $(seeds)

.PHONY: soak
soak: setup ## Watch a server that restarts each minute, for half an hour, and judge what grows
	$(BIN)/python -m benchmarks.soak

.PHONY: docs-keys
docs-keys: setup ## Write docs/keys.md from the tables of keys and commands
	$(BIN)/tsmon keys --defaults --markdown >docs/keys.md

.PHONY: deploy
deploy: setup ## Write deploy/ by `tsmon export`
	for kind in prometheus grafana compose k8s; do $(BIN)/tsmon export $$kind deploy/$$kind --force || exit; done

.PHONY: tour
tour: setup ## Take the pictures of docs/tour from a real run, in about two minutes
	$(BIN)/python -m tools.tour

.PHONY: fuzz
fuzz: setup ## Feed every parser with anything (FUZZ_SECONDS, FUZZ_RUNS; PARSERS by name)
	$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/pip install -q -e '.[fuzz]' || true
	$(BIN)/python -m tests.fuzz $(PARSERS)

.PHONY: bench
bench: setup ## Measure what tsmon costs beside others: docs/performance.md
	$(BIN)/python -m benchmarks

##@ The digit model

.PHONY: train samples
train: setup ## Train the network: artifacts/mnist_cnn.pt
	$(BIN)/python -m model.train

samples: setup ## Draw the digits to send: artifacts/samples
	$(BIN)/python -m model.draw_samples --out artifacts/samples

##@ The walkthrough

.PHONY: mar serve-run serve-start serve-stop register-model
.PHONY: docker-run docker-start docker-exec docker-stop docker-image
mar: setup ## Build the archive in artifacts (model_name, model_version)
	$(BIN)/tsmon archive --force --model-name $(call quoted,model_name) \
		--version $(call quoted,model_version) --export-path artifacts

HAS_ENGINE = docker version >/dev/null 2>&1
AS_PROCESS = { echo 'no Docker engine is answering: TorchServe runs as a process of this machine' && \
	$(BIN)/tsmon serve start --model-store artifacts; }

serve-run: setup ## Start TorchServe in a container, without Docker as a process (image)
	@if $(HAS_ENGINE); then \
		$(BIN)/tsmon serve start --docker --image $(call quoted,image) --model-store artifacts \
			--mount model:/home/model-server/model:ro \
			--mount handler:/home/model-server/handler:ro; \
	else $(AS_PROCESS); fi

serve-start: setup ## Start it again after serve-stop; it keeps its logs, and no registered model
	@if $(HAS_ENGINE); then $(BIN)/tsmon serve resume; else $(AS_PROCESS); fi

serve-stop: setup ## Stop it
	$(BIN)/tsmon serve stop

register-model: setup ## Register a model (model_url, num_workers, tserve_url, models_port)
	$(BIN)/tsmon --server $(call quoted,tserve_url):$(call quoted,models_port) \
		register $(call quoted,model_url) --workers $(call quoted,num_workers)

NEED_ENGINE = $(HAS_ENGINE) || { \
	echo 'no Docker engine is answering: `docker version` says why; `make setup` needs none' >&2; exit 1; }
IN_USE = echo 'if it exists already: make docker-start, or make docker-run container_name=another' >&2

docker-run: ## Start the development container, to train, archive and test in (container_name)
	@$(NEED_ENGINE)
	docker build --target development --build-arg uid="$$(id -u)" --build-arg gid="$$(id -g)" \
		--tag tsmon-dev .
	@docker run --detach --init --name $(call quoted,container_name) \
		--mount 'type=bind,"source=$(subst ','\'',$(CURDIR))",target=/workspace' tsmon-dev || { $(IN_USE); exit 1; }

docker-start: ## Start the stopped development container again (container_name)
	@$(NEED_ENGINE)
	docker start $(call quoted,container_name)

docker-exec: ## Open a shell in the development container (container_name)
	@$(NEED_ENGINE)
	@docker exec --interactive $$(test -t 0 && echo --tty) $(call quoted,container_name) /bin/bash

docker-stop: ## Stop the development container (container_name)
	@$(NEED_ENGINE)
	docker stop $(call quoted,container_name)

docker-image: ## Build the image of tsmon itself
	@$(NEED_ENGINE)
	docker build --tag tsmon .

##@ Cleaning

.PHONY: clean distclean
clean: ## Remove caches, builds and archives
	rm -rf build dist *.egg-info artifacts/*.mar
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

distclean: clean ## Remove .venv as well
	rm -rf $(VENV)
