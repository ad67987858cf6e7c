# Everything starts here: `make run` and `make test` need Python 3.11+ and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
export DAGSTER_DISABLE_TELEMETRY := 1

.PHONY: setup run dev test test-nightly lint fix docs nightly bench soak lock clean

setup: .venv/installed

# uv is pinned and only installs: the lock decides what, and with which hashes
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "Python 3.11 to 3.13 is needed; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

run: setup            ## exports to published marts; the demo shop until data/exports.yml names yours
	@$(BIN)/retention run

dev: setup            ## the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/retention ui

# three on two cores: each of them waits for the disk a sixth of the time
test: setup           ## everything that must hold
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

test-nightly: setup   ## what repeats a kind that `make test` has once
	@$(BIN)/python -m pytest -m nightly --numprocesses 3 --dist loadfile --no-loadscope-reorder

lint: setup           ## format, lint, types, SQL, definitions
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests dbt_project/macros
	@$(BIN)/dg check defs

fix: setup            ## what can be mended by itself; pages of docs/ that are made of the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/sqlfluff fix --quiet dbt_project/models dbt_project/tests dbt_project/macros
	@$(BIN)/python -m dagster_project.commands.document
	@$(BIN)/python -m dagster_project.commands.figures
	@$(BIN)/python -m dagster_project.exports.config.document

docs: .venv/docs/installed  ## README and docs/ as pages in artifacts/site; a broken link is an error
	@.venv/docs/bin/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env \
		--conf-dir docs . artifacts/site
	@cp artifacts/site/README.html artifacts/site/index.html

# beside .venv: few build pages, and Sphinx needs an older docutils than the lock has
.venv/docs/installed: docs/requirements.lock .venv/installed
	@$(BIN)/uv venv --quiet --clear .venv/docs
	@$(BIN)/uv pip install --quiet --python .venv/docs --require-hashes -r $<
	@touch $@

nightly: setup        ## the run as CI makes it: marts, check results and docs kept in artifacts/
	@$(BIN)/retention nightly artifacts

bench: setup          ## long measurements, never part of the tests
	@$(BIN)/python -m benchmarks.overhead

soak: setup           ## nights that go wrong, whole runs, increments in any order, kills; hours
	@$(BIN)/python -m benchmarks.soak $(SOAK)

lock:                 ## resolve both locks anew
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --extra postgres \
		--generate-hashes --no-header -o requirements.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group docs \
		--generate-hashes --no-header -o docs/requirements.lock

clean:                ## built databases and reports; exports stay
	@rm -rf artifacts dbt_project/target data/warehouse/*
