# One verb a recipe; every verb makes what it needs, in .venv.

PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin
CORE := $(wildcard matcher/_core/*.pyx matcher/_core/*.pxd matcher/_core/*.hpp)
EXAMPLE := examples/orders
SECONDS ?= 60
ARGUMENTS ?=

.PHONY: help demo test lint types bench bench-compare fuzz asan stress crash wheel clean
.DEFAULT_GOAL := help

help:  ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 16

demo: .venv/ready  ## rules over example events, a shop on a bad day, an order's workflow
	@echo; echo '$$ matcher match $(EXAMPLE)/rules.json $(EXAMPLE)/events.jsonl --format table'; echo
	@$(BIN)/matcher match $(EXAMPLE)/rules.json $(EXAMPLE)/events.jsonl --format table
	@echo; echo '$$ matcher explain $(EXAMPLE)/rules.json $(EXAMPLE)/events.jsonl --line 69 --name heavy-glass'; echo
	@$(BIN)/matcher explain $(EXAMPLE)/rules.json $(EXAMPLE)/events.jsonl --line 69 --name heavy-glass || test $$? = 1
	@echo; echo '$$ python examples/order-system/demo.py'; echo
	@$(BIN)/python examples/order-system/demo.py
	@echo; echo '$$ python examples/order-workflow/demo.py'; echo
	@$(BIN)/python examples/order-workflow/demo.py

test: lint types  ## lint, type-check and run every test
	$(BIN)/python -m pytest $(ARGUMENTS)

lint: .venv/ready  ## ruff and cython-lint
	$(BIN)/ruff check
	PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint matcher/_core

types: .venv/ready  ## mypy --strict, and the stubs against the compiled modules
	$(BIN)/python -m mypy
	$(BIN)/python -m mypy.stubtest $(patsubst matcher/_core/%.pyx,matcher._core.%,$(filter %.pyx,$(CORE)))

bench: .venv/bench  ## measure every question of bench/
	$(BIN)/python -m pytest bench $(ARGUMENTS)

bench-compare: .venv/bench  ## measure matcher beside its peers, in one table with ratios
	$(BIN)/python -m bench.compare $(ARGUMENTS)

fuzz: .venv/ready  ## fuzz for SECONDS=60
	PATH="$(CURDIR)/$(BIN):$$PATH" tests/fuzz/run.sh $(SECONDS)

asan: build/asan/ready  ## run the tests on a build with address and undefined-behaviour sanitizers
	cd build/asan/main && CI= \
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libstdc++.so)" \
	ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 PYTHONMALLOC=malloc \
	../venv/bin/python -m pytest -m "not slow" --capture=sys tests/unit tests/property tests/conformance tests/fuzz $(ARGUMENTS)

stress: .venv/ready  ## match from many threads while rules come and go
	$(BIN)/python -m pytest -m slow tests/stress $(ARGUMENTS)

crash: .venv/ready  ## kill routers and workflows at random points, at full size
	$(BIN)/python -m tests.crash.harness --fills 2
	$(BIN)/python -m tests.crash.workflow_harness

wheel: .venv/ready  ## build the sdist, and the wheel from it, into dist/
	$(BIN)/python -m build

clean:  ## remove what was built, and the environment
	rm -rf .venv build dist *.egg-info matcher/_core/*.so
	rm -rf .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find matcher tests bench examples -name __pycache__ -prune -exec rm -rf {} +

.venv/python:
	@test -n "$(PYTHON)" || { echo 'matcher needs Python 3.11 or newer, with venv and headers' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/ready: .venv/python pyproject.toml setup.py $(CORE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cli,test,lint]'
	@touch $@

.venv/bench: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

# A copy, so that the sanitizers' objects never meet the ordinary ones.
build/asan/ready: pyproject.toml setup.py $(CORE) $(shell find matcher tests -name '*.py' -o -name '*.json')
	rm -rf build/asan/main
	mkdir -p build/asan/main
	cp -R matcher tests examples bench pyproject.toml setup.py README.md build/asan/main
	rm -f build/asan/main/matcher/_core/*.so
	test ! -d ../shared || ln -sfn "$(abspath ../shared)" build/asan/shared
	test -x build/asan/venv/bin/python || $(PYTHON) -m venv build/asan/venv
	cd build/asan/main && MATCHER_SANITIZE=address,undefined \
	../venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@
