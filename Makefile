# The default is the full check.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8000
PIP    := --disable-pip-version-check --no-input --no-compile
RESOLVE := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := check
.PHONY: check serve demo test lint format schema clients eval speed bench bench-reads bench-feed siege siege-short mutants log-go bench-log restore-drill restore-drill-short cluster-drill lock clean help soak growth screenshots console-drill

help:            ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

check: lint test ## lint and test

serve: $(VENV)/.runtime ## environment, dependencies, embedded PostgreSQL, official catalog, server
	$(BIN)/recognition serve --port $(PORT)

demo: $(VENV)/.runtime ## three cases of the real catalog, approved, refused, revoked; and the catalog amended
	$(BIN)/recognition demo

test: $(VENV)/.dev ## every test, against a real PostgreSQL
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/.dev ## style, types, and the published schema as the code prints it
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m registry_api.schema | diff -u graphql/schema.graphql -

format: $(VENV)/.dev ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(VENV)/.dev ## print the published schema anew
	$(BIN)/python -m registry_api.schema > graphql/schema.graphql

clients: $(VENV)/.dev ## Apollo, Relay, urql, generators and Python clients against a live server
	$(BIN)/python -m tests.clients

speed: $(VENV)/.dev ## how long a match takes on one core
	$(BIN)/python benchmarks/matching_speed.py

bench: $(VENV)/.dev ## every measurement: matching, previews, the transparency log, rebuilding the read models, the audit, packs, cases written, pages, reads
	$(BIN)/python benchmarks/matching_speed.py
	$(BIN)/python benchmarks/preview_speed.py
	$(BIN)/python benchmarks/log_speed.py
	$(BIN)/python benchmarks/rebuild_speed.py
	$(BIN)/python benchmarks/audit_speed.py
	$(BIN)/python benchmarks/pack_speed.py
	$(BIN)/python benchmarks/write_speed.py
	$(BIN)/python -m benchmarks.page_speed
	$(BIN)/python -m benchmarks.reads --write

bench-reads: $(VENV)/.dev ## titles looked up and listed over HTTP beside other GraphQL servers; FULL=--full for larger tables and longer rounds
	$(BIN)/python -m benchmarks.reads --write $(FULL)

bench-feed: $(VENV)/.dev ## how late followers hear of changes, what idle ones cost, and kills of the server while events are recorded
	$(BIN)/python benchmarks/feed_load.py --write

screenshots: $(VENV)/.dev ## every page of the console, narrow and wide, light and dark, in both languages, into build/screenshots (chromium, fonts-noto-cjk)
	$(BIN)/python -m tests.console_web.screenshots
	$(BIN)/python -m tests.console_web.screenshots docs/console --document

console-drill: $(VENV)/.dev ## every page of the console for screen readers in both languages, and every story of the demonstration by keyboard alone
	CONSOLE_DRILL=whole $(BIN)/python -m pytest -q tests/console_web

siege: $(VENV)/.dev ## thirty attacks on a running server beside a client that looks up; writes docs/siege.md
	$(BIN)/python -m benchmarks.siege --seconds 10 --cases 3000 --unlimited --tries 3 --write docs/siege.md

siege-short: $(VENV)/.dev ## the same in under a minute: fails where the server does, and prints the times
	$(BIN)/python -m benchmarks.siege --short

growth: $(VENV)/.dev ## how answers grow with the registry, from SIZES="10000 100000" cases on; writes benchmarks/RESULTS.md and growth.svg
	$(BIN)/python -m benchmarks.growth --write --sizes $(or $(SIZES),10000 100000)

soak: $(VENV)/.dev ## sixteen writers, tailing readers, rebuilds and kills for ten minutes: nothing is lost, doubled or skipped
	$(BIN)/python -m benchmarks.soak

mutants: $(VENV)/.dev ## small changes to rules, rights and what is shown: each has to be noticed by a test; goes on where it was broken off
	nice -n 10 $(BIN)/python -m tests.mutants

eval: $(VENV)/.dev ## score the matcher on labelled certificates
	$(BIN)/python benchmarks/matching_eval.py

log-go: $(VENV)/.dev ## the served transparency log, read and proved by Go's checksum database (golang-go, golang-golang-x-mod-dev)
	$(BIN)/python -m tests.log.served_log

bench-log: $(VENV)/.dev ## the transparency log in its tables: sequencing, first proofs and the check at LEAVES=1000000
	$(BIN)/python benchmarks/log_store_speed.py $(LEAVES)

restore-drill: $(VENV)/.dev ## backup and restore with the audit's check, and recovery to an instant from PostgreSQL's archive: CASES=10000
	$(BIN)/python benchmarks/backup_speed.py --cases $(or $(CASES),10000)
	$(BIN)/python -m benchmarks.restore_drill --cases $(or $(CASES),10000)

restore-drill-short: $(VENV)/.dev ## the same of few cases: it fails where an event is lost, added or another
	$(BIN)/python -m benchmarks.restore_drill --cases 40

cluster-drill: $(VENV)/.dev ## three nodes under Patroni that fail one way after another, with writers and readers: nothing told is lost (Debian: apt-get download works); ONLY="1 6" for some faults
	$(BIN)/python -m benchmarks.cluster $(if $(ONLY),--only $(ONLY))

lock: ## resolve the dependencies anew, with hashes and without addresses
	uv pip compile pyproject.toml --group build $(RESOLVE) -o requirements.lock
	uv pip compile pyproject.toml --group build --extra dev $(RESOLVE) -c requirements.lock -o requirements-dev.lock
	uv pip compile benchmarks/cluster/requirements.in $(RESOLVE) -o benchmarks/cluster/requirements.lock

clean: ## remove the environment and every cache; data under var/ stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/http_audit/node_modules benchmarks/reads/peers/node_modules

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; set PYTHON=python3.11 or so.")'
	$(PYTHON) -m venv $(VENV)

# pip tells what it does, package by package: a first start takes a minute, and silence would look like a standstill.
# The lock file names every package and its hash, the build's own included, so that nothing is fetched beside it.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing $$(grep -c == requirements.lock) packages into $(VENV), once; this takes about a minute."
	$(BIN)/pip install $(PIP) --require-hashes -r requirements.lock
	$(BIN)/pip install $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing $$(grep -c == requirements-dev.lock) packages into $(VENV), those for development included, once."
	$(BIN)/pip install $(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
