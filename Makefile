# Everything is installed into .venv of this folder, once for each version of the requirements.
# No path is absolute, so that the folder may lie anywhere, and its name may hold a space.

.DEFAULT_GOAL := help
.PHONY: help run test fix check bench sabotage soak screenshots clean run-environment environment

# A Python to use, where the first of these that is new enough is not the wanted one: make run PYTHON=python3.13
PYTHON ?=
CANDIDATES = python3 python3.14 python3.13 python3.12 python3.11
PY := .venv/bin/python
INSTALL := $(PY) -m pip install -qq --disable-pip-version-check --no-input --require-hashes

# More arguments for the command behind a target: make run ARGS=--no-demo, make test ARGS=tests/ledger
ARGS ?=
# How long `make soak` goes on.
MINUTES ?= 30

help:
	@echo "make run       install, start everything, print the address; Ctrl-C stops it (PORT=, ARGS=--no-demo)"
	@echo "make test      install, run the tests (ARGS=tests/ledger)"
	@echo "make fix       format, and mend what ruff can mend"
	@echo "make check     format, lint, types, import rules, migrations, tests: what CI runs"
	@echo "make bench     measure the speed beside others"
	@echo "make sabotage  plant defects, each in a copy, and see that a test finds it"
	@echo "make soak      run the tests and long kill storms again and again, until one fails (MINUTES=30)"
	@echo "make screenshots  take the pictures of the docs again"
	@echo "make clean     remove .venv and caches; the data in instance/ stay"

run: run-environment
	@exec $(PY) manage.py up $(ARGS)

test: environment
	@exec $(PY) -m pytest -n 2 $(ARGS)

fix: environment
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

check: environment
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy .
	$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()" --no-logo
	$(PY) -m tests.migrations_check
	@$(MAKE) --no-print-directory test

bench: environment
	@exec $(PY) -m benchmarks $(ARGS)

sabotage: environment
	@exec $(PY) -m tests.sabotage $(ARGS)

soak: environment
	@end=$$(($$(date +%s) + 60 * $(MINUTES))); \
	while [ $$(date +%s) -lt $$end ]; do \
	  $(PY) -m pytest -q -n 2 $(ARGS) && $(PY) -m tests.calls.kill_storm && $(PY) -m tests.credits.kill_storm && $(PY) -m tests.payouts.kill_storm || exit 1; \
	done

screenshots: environment
	@exec $(PY) -m tests.browser.screenshots

clean:
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

run-environment: .venv/run.stamp
environment: .venv/test.stamp

.venv/run.stamp: requirements.txt $(PY)
	@echo "Installing requirements.txt"
	@$(INSTALL) -r requirements.txt
	@touch $@

.venv/test.stamp: requirements-dev.txt $(PY)
	@echo "Installing requirements-dev.txt"
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

# Half an environment, after a Ctrl-C, would look like a whole one: it is removed.
$(PY):
	@trap 'rm -rf .venv; exit 1' INT TERM HUP; bare=; \
	for python in $(if $(PYTHON),"$(PYTHON)",$(CANDIDATES)); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then bare="$${bare:-$$python}"; continue; fi; \
	  echo "Making .venv with $$("$$python" --version)"; \
	  "$$python" -m venv --clear .venv && exit 0; \
	  rm -rf .venv; exit 1; \
	done; \
	if [ -n "$$bare" ]; then \
	  echo "$$bare cannot make a virtual environment: install its venv package (apt-get install python3-venv)." >&2; \
	else \
	  echo "Python 3.11 or newer is needed: install one, or name it with PYTHON=/path/to/python." >&2; \
	fi; \
	exit 1
