# `make run` is all a new machine needs: Python 3.11 or newer, and the package index the first time.

# Not taken from the environment: what stands there is made anew when it does not fit.
VENV := .venv
PYTHON ?=
PYTEST_ARGS ?=
# A file of tests at a time in each process. Three for two cores: several tests wait for processes
# and sockets of their own. Those that take long come first, not those that are many.
WORKERS ?= -n 3 --dist loadfile --no-loadscope-reorder
BENCH ?= ingest search
BIN := $(VENV)/bin

# The first Python that is new enough and complete, else the first new enough one, whose want is
# then explained. Shims that exist and do not run are passed over.
define FIND_PYTHON
	found=; \
	for candidate in $(if $(PYTHON),$(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python /usr/bin/python3); do \
		"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		if "$$candidate" -c 'import ensurepip, sqlite3, ssl, venv' 2>/dev/null; then found=$$candidate; break; fi; \
		found=$${found:-$$candidate}; \
	done; \
	if [ -z "$$found" ]; then \
		echo "prodintel: Python 3.11 or newer is needed and was not found$(if $(PYTHON), as $(PYTHON))." >&2; \
		echo "  Debian, Ubuntu:  apt-get install python3 python3-venv" >&2; \
		echo "  macOS:           brew install python@3.12" >&2; \
		echo "  elsewhere:       make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi
endef

.PHONY: run setup test lint bench dev

run: setup
	@exec $(BIN)/python manage.py serve

setup:
	@$(FIND_PYTHON); "$$found" -I prodintel/bootstrap.py "$(VENV)"
	@$(BIN)/python manage.py setup

dev:
	@$(FIND_PYTHON); "$$found" -I prodintel/bootstrap.py "$(VENV)" requirements-dev.txt

# The whole suite on SQLite; then what touches the database again on PostgreSQL and Redis, where
# TEST_DATABASE_URL (and TEST_REDIS_URL) say that there are any.
test: dev
	$(BIN)/python -m pytest $(WORKERS) $(PYTEST_ARGS)
	@if [ -n "$${TEST_DATABASE_URL:-}" ]; then \
		echo "$(BIN)/python -m pytest --ds=tests.scaled_settings $(WORKERS) $(PYTEST_ARGS)"; \
		$(BIN)/python -m pytest --ds=tests.scaled_settings $(WORKERS) $(PYTEST_ARGS); \
	else \
		echo "PostgreSQL: not tested, TEST_DATABASE_URL is not set."; \
	fi

lint: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

bench: dev
	$(BIN)/python -m tests.bench $(BENCH)
