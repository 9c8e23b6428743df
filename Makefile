# From a fresh clone: `make test` runs the tests, `make run CONFIG=rules.yaml` the bot, `make check` all that must be green.
# Needs make and Python 3.11 or later (another one than the first found: make PYTHON=/path/to/python3).
VENV ?= .venv
BIN := $(VENV)/bin
CONFIG ?= rules.yaml
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
PYTEST := $(BIN)/pytest -n auto

.PHONY: test check faults soak run demo man servers container bench-attachment bench-accounts clean

# make test TESTS=tests/unit: a part of them
test: $(VENV)/.test
	$(PYTEST) $(TESTS)

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

# Everything of tests/faults, hours of it: 50,000 cuts, every mutant, an idle minute … and the figures at the end.
# make faults TESTS="tests/faults/test_cuts.py -k trash" FIRST=99: a part of it, from other octets on
faults: $(VENV)/.test
	MAILBOT_FAULTS=long MAILBOT_FAULTS_FIRST=$(or $(FIRST),0) $(PYTEST) -v $(or $(TESTS),tests/faults)

# An hour of 10 messages a second, cuts, reloads, kills and a hostile second client: make soak SECONDS=60 is a minute of it.
soak: $(VENV)/.test
	$(BIN)/python -m tests.soak --seconds $(or $(SECONDS),3600)

run: $(VENV)/.run
	$(BIN)/mailbot --config $(CONFIG) run

# The bot at work on a mail server in memory: needs nothing but Python and the package index.
demo: $(VENV)/.run
	$(BIN)/mailbot demo

# The tables in docs/ and the manual page, again from what the code has now.
man: $(VENV)/.test
	$(BIN)/python -m tests.docs
	$(BIN)/python -m tests.man

# Cyrus and Courier from Debian's packages, unpacked for the tests, not installed.
servers: $(VENV)/.test
	$(BIN)/python -m tests.lab.unpacked

container: $(VENV)/.test
	tests/e2e/container.sh

# mailbot beside imapfilter, imapautofiler and a plain loop (docs/performance.md), on a Dovecot of its own; about 15 minutes.
# make bench BENCH="new-mail backlog-10k": a part; BENCH="--runs 5 startup": more runs.
.PHONY: bench
bench: $(VENV)/.test
	$(BIN)/python -m bench $(BENCH)

# What a large attachment costs in memory and time, on a Dovecot of its own.
bench-attachment: $(VENV)/.test
	$(BIN)/python -m bench.attachment

# A thousand accounts in one process: memory, threads, CPU at rest, start and return. Ten minutes.
bench-accounts: $(VENV)/.test
	$(BIN)/python -m bench.accounts 1000
	$(BIN)/python -m bench.accounts 500 --server dovecot --row 20 --rest 30

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- the virtual environment: one stamp a purpose, made again when pyproject.toml changes

$(VENV)/.run: $(VENV)/.pip pyproject.toml
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.pip pyproject.toml
	$(BIN)/pip install --quiet --editable . --group test
	@touch $@ $(VENV)/.run

$(VENV)/.check: $(VENV)/.pip pyproject.toml
	$(BIN)/pip install --quiet --editable . --group test --group check
	@touch $@ $(VENV)/.test $(VENV)/.run

# --group is known to pip since 25.1.
$(VENV)/.pip:
	@bare=; for python in $(BIN)/python $(PYTHONS); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  if "$$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then \
	    [ "$$python" = $(BIN)/python ] || "$$python" -m venv $(VENV); exit; \
	  fi; \
	  bare=$$python; \
	done; \
	if [ -n "$$bare" ]; then \
	  echo "$$bare cannot make a virtual environment (Debian and Ubuntu: apt-get install python3-venv)" >&2; \
	else \
	  echo "mailbot needs Python 3.11 or later; not found as: $(PYTHONS)" >&2; \
	fi; exit 1
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	@touch $@
