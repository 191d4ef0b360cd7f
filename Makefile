# `make demo` shows Aiana at work, `make test` runs every test; both do all the set-up themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CLAUDE := $(or $(CLAUDE_CONFIG_DIR),$(HOME)/.claude)
# Labelled collections, a folder each with `units.jsonl` and `queries.dev.jsonl`; none is part of the project.
SETS ?= ../shared/bench/sets
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/aiana-dev
# A fixed CPU build: an open range makes pip fetch several GB of CUDA packages on Linux.
TORCH := torch==2.13.0

.PHONY: demo test test-server test-extension test-vscode vsix lint format docs bench bench-retrieval clean

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/pip install --quiet --disable-pip-version-check '$(TORCH)'
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[full,offline-model,dev]'
	@touch $@

demo: $(INSTALLED)
	@if [ -n "$$(find '$(CLAUDE)/projects' -name '*.jsonl' 2>/dev/null | head -n 1)" ]; then \
	    question='what went wrong and how did we fix it'; sessions=; \
	else \
	    echo 'No Claude Code sessions on this machine: showing the sample sessions.'; \
	    question='why did people get logged out'; sessions=tests/fixtures/sample; \
	    AIANA_HOME=$${AIANA_HOME:-$(CURDIR)/.cache/demo}; export AIANA_HOME; \
	fi; \
	$(BIN)/aiana model compile && \
	$(BIN)/aiana import $$sessions && \
	echo "\n$$ aiana search $$question" && \
	$(BIN)/aiana search --limit 3 "$$question" && \
	echo "\n$$ aiana status" && \
	$(BIN)/aiana status

test: test-server test-extension

test-server: $(INSTALLED)
	$(BIN)/pytest

vscode-extension/node_modules/.package-lock.json: vscode-extension/package-lock.json
	cd vscode-extension && npm ci --no-audit --no-fund

test-extension: $(INSTALLED) vscode-extension/node_modules/.package-lock.json
	cd vscode-extension && npm test

vsix: $(INSTALLED) vscode-extension/node_modules/.package-lock.json
	cd vscode-extension && npm run package

# The packed extension in the real VS Code; installs it and Chromium first, which takes minutes once.
test-vscode: vsix
	tests/editors/vscode/install.sh
	node --test tests/editors/vscode/panel.test.mjs

lint: $(INSTALLED)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: $(INSTALLED)
	$(BIN)/python -m aiana.lsp.document docs/protocol.md

bench: $(INSTALLED)
	$(BIN)/python -m tests.benchmarks

bench-retrieval: $(INSTALLED)
	$(BIN)/python -m tests.benchmarks.retrieval.run $(SETS) --cache $(CACHE)/retrieval

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache
