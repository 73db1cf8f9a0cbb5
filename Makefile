# Two commands do everything: `make run` and `make test`. Each says what it does and what it needs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
HOST ?= 127.0.0.1
PORT ?= 8501
VENDOR := dashboard/static/vendor/.ready

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help messages setup setup-test run test test-all check format lock bench bench-large bench-smoke bench-zonal bench-scale bench-map bench-adoption clean

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.run-ready $(VENDOR) ## Make .venv, install pinned requirements and front-end assets

run: setup ## Serve the dashboard on http://127.0.0.1:8501 (HOST=, PORT= change it)
	@exec $(PY) -m dashboard serve --host $(HOST) --port $(PORT)

setup-test: setup $(VENV)/.test-ready ## What the tests need besides: test tools and Chromium
	@scripts/need-chromium

check: setup-test ## Format, lint, types
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy

test: check ## All tests: unit, property, real browser
	@$(PY) -m pytest -n 0 -q -m cluster tests/layers/test_cluster.py
	@$(PY) -m pytest -n 2 --dist loadscope -m 'not cluster and not slow' $(ARGS)

test-all: test ## What make test leaves out besides: the other four fifths of hostile uploads
	@$(PY) -m pytest -n 2 -q -m slow

messages: $(VENV)/.test-ready ## Bring the catalogues of the pack's words up to date with the code
	@PYTHONPATH=. $(VENV)/bin/pybabel -q extract -F babel.cfg -k _ -k say -k N_ --no-location --sort-output --omit-header -w 100 -o build/field.pot .
	@for file in data/locale/*/field.po; do \
	  language=$$(basename $$(dirname $$file)); \
	  $(VENV)/bin/pybabel -q update -i build/field.pot -o $$file -l $$language --no-fuzzy-matching --ignore-obsolete -w 100; \
	done

format: $(VENV)/.test-ready ## Format the code and mend what the linter can mend
	@$(VENV)/bin/ruff check --fix-only -q .
	@$(VENV)/bin/ruff format -q .

bench: $(VENV)/.test-ready ## Conflict engine against its peers at 10^4 sites and 10^5 fields, into docs
	@scripts/need-postgis || true
	@$(PY) -m bench.conflicts --size M --runs 3 --write docs/benchmarks.md

bench-large: $(VENV)/.test-ready ## The same at 10^5 sites and 10^6 fields; geopandas once
	@scripts/need-postgis || true
	@$(PY) -m bench.conflicts --size L --runs 3 --once geopandas --write docs/benchmarks.md

bench-smoke: $(VENV)/.test-ready ## The same at 10^3 sites and 10^4 fields, once, in seconds
	@$(PY) -m bench.conflicts --size S --runs 1

bench-zonal: $(VENV)/.test-ready ## Land cover by zone against rasterstats, 10^4 zones on 10^9 pixels
	@$(PY) -m bench.zonal --runs 3

bench-scale: $(VENV)/.test-ready ## Runs in parts, on Dask workers, and updates after 1 % changed
	@$(PY) -m bench.scale --size M --runs 3

bench-map: setup-test ## The map with 10^6 polygons: tiles, bytes, time to paint, into docs
	@$(PY) -m bench.map --size L --runs 3 --slow --write docs/benchmarks-map.md

bench-adoption: $(VENV)/.test-ready ## All adoption tables of 10^6 observations against pandas and DuckDB, into docs
	@$(PY) -m bench.adoption --runs 3 --write docs/benchmarks-adoption.md

lock: $(VENV)/.test-ready ## Pin requirements*.in into requirements*.txt
	@for name in requirements requirements-dev; do \
	  $(VENV)/bin/pip-compile -q --upgrade --no-header --no-emit-index-url --no-emit-find-links \
	    --no-annotate --strip-extras -o $$name.txt $$name.in; done

clean: ## Remove what setup made (never the store in var/)
	@rm -rf $(VENV) node_modules dashboard/static/vendor .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@scripts/make-venv $(VENV)

$(VENV)/.run-ready: requirements.txt | $(VENV)/bin/python
	@echo "Installing the pinned requirements (a minute or two, once) ..."
	@$(PY) -m pip install -q -r requirements.txt
	@touch $@

$(VENV)/.test-ready: requirements-dev.txt $(VENV)/.run-ready
	@echo "Installing the test tools ..."
	@$(PY) -m pip install -q -r requirements-dev.txt
	@touch $@

$(VENDOR): package-lock.json requirements.txt dashboard/assets.py dashboard/packing.py dashboard/typefaces.py dashboard/places.py | $(VENV)/.run-ready
	@scripts/install-assets $(PY)
	@touch $@
