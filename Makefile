# Loket: everything a person types. `make` alone lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PY := .venv/bin/python
PORT ?= 8080
DATA ?= var/run
FRESH ?=
RUNS ?=
ARGS ?=
export PYTHONUNBUFFERED := 1
# The programs are started many times: without their kept bytecode each start compiles everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test check sim episodes scenarios chaos bench fuzz lock docs firmware flash clean env debian

help: ## Show this list
	@echo "make TARGET [NAME=value]"
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' Makefile

run: env ## One booth, the coordinator and the console, with simulated hardware [FRESH=1 PORT=8080 DATA=var/run]
	@exec $(PY) -m loket run --data "$(DATA)" --port $(PORT) $(if $(filter 1 yes true,$(FRESH)),--fresh)

test: env debian ## All tests but the long ones below [ARGS="-k printing"]
	@$(PY) -m pytest $(ARGS)

check: env ## Style, types, import rules, and that generated files, lock and documents are current
	@$(PY) -m tests.tools.check

sim: env ## Many seeded days in virtual time, with a crash at any commit; days of 200 applicants [RUNS=2000 DAYS=20]
	@$(PY) -m tests.simulation $(if $(RUNS),--runs $(RUNS)) $(ARGS)
	@$(PY) -m tests.simulation.desk $(if $(DAYS),--days $(DAYS))

episodes: env ## 10,000 random power episodes, beside a policy that ignores the power [EPISODES=10000]
	@$(PY) -m tests.simulation.episodes $(if $(EPISODES),--episodes $(EPISODES)) $(ARGS)

scenarios: env ## Every power scenario, in virtual time or with the real processes [BENCH=memory|pty ARGS=FILE]
	@$(PY) -m loket rig scenario --bench $(or $(BENCH),memory) $(if $(filter pty,$(BENCH)),--jobs 3) $(ARGS)

chaos: env debian ## Kill booth, coordinator and broker at random during real traffic, then count
	@$(PY) -m tests.chaos $(ARGS)

bench: env debian ## Measure the budgets as ratios; writes build/bench.json
	@$(PY) -m tests.bench $(ARGS)

fuzz: env ## 100,000 random and mutated inputs for each decoder and message handler [RUNS=100000]
	@LOKET_FUZZ=$(or $(RUNS),100000) $(PY) -m pytest tests/unit -k fuzz $(ARGS)

lock: env ## Refresh requirements.lock from pyproject.toml (needs uv)
	@$(PY) -m tests.tools.lock

docs: env ## Regenerate docs/asyncapi.yaml
	@$(PY) -m tests.tools.asyncapi

firmware: env ## Compile the power board's firmware for its chip into build/firmware
	@$(PY) -m tests.tools.firmware build

flash: env ## Compile it and put it on the board over USB [BOARD=/dev/ttyACM0]
	@BOARD="$(BOARD)" $(PY) -m tests.tools.firmware flash

clean: ## Remove the environment, caches and build results; the data of `make run` stays
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache loket.egg-info

env:
	@sh .ci/environment

debian: env
	@sh .ci/debian
