# `make demo` shows Aiana at work, `make test` runs every test; both do all the set-up themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LIGHT := $(VENV)/.light
INSTALLED := $(VENV)/.installed
CLAUDE := $(or $(CLAUDE_CONFIG_DIR),$(HOME)/.claude)
# Labelled collections, a folder each with `units.jsonl` and `queries.dev.jsonl`; none is part of the project.
SETS ?= ../shared/bench/sets
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/aiana-dev
# A fixed CPU build: an open range makes pip fetch several GB of CUDA packages on Linux.
TORCH := torch==2.13.0
NVIM_PLUGINS := $(CACHE)/retronvim/data/nvim/plugins
LUA := editors/nvim/lsp editors/nvim/lua editors/nvim/plugin tests/editors/nvim
STYLUA := $(CACHE)/stylua/node_modules/@johnnymorganz/stylua/stylua_lib_node.mjs
FORMAT_LUA := find $(LUA) -name '*.lua' -exec node tests/editors/nvim/stylua.mjs $(STYLUA) editors/nvim/stylua.toml

.PHONY: demo test test-server test-extension test-failed test-vscode test-assistants vsix plugin lint format docs lock stress fuzz sbom audit reproduce bench bench-retrieval clean

INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check
LOCKED := $(INSTALL) --no-deps --require-hashes -r

# What a user installs: no torch, some 300 MB.
$(LIGHT): pyproject.toml requirements/light.txt
	$(PYTHON) -m venv $(VENV)
	$(LOCKED) requirements/light.txt
	$(INSTALL) --no-deps -e .
	@touch $@

$(INSTALLED): pyproject.toml requirements/dev.txt | $(LIGHT)
	$(LOCKED) requirements/dev.txt
	$(INSTALL) '$(TORCH)'
	@touch $@

# The versions and hashes of what is installed here and in the container, for every system and Python; what is there stays unless
# UPGRADE=--upgrade is given. Torch is none of it: which build of it serves differs from one system to another.
UV := $(CACHE)/uv
COMPILE = $(UV)/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-annotate --override $(CACHE)/without.txt $(UPGRADE)
lock:
	$(PYTHON) -m venv $(UV) && $(UV)/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	@mkdir -p $(CACHE) && echo "torch; python_version < '3'" > $(CACHE)/without.txt
	$(COMPILE) $(foreach extra,semantic redis qdrant zstd,--extra $(extra)) -o requirements/app.txt
	$(COMPILE) --extra semantic --constraint requirements/app.txt -o requirements/light.txt
	$(COMPILE) $(foreach extra,full offline-model dev,--extra $(extra)) -o requirements/dev.txt

demo: $(LIGHT)
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

# Other people's plugins, which ours is tested beside; without them those tests are skipped.
$(NVIM_PLUGINS): tests/editors/nvim/plugins.txt
	-$(BIN)/pip download --quiet --no-deps --require-hashes --dest $(CACHE)/wheels -r $<
	-$(BIN)/python -m zipfile -e $(CACHE)/wheels/retronvim-*.whl $(CACHE)/retronvim
	@mkdir -p $@ && touch $@

test-server: $(INSTALLED) $(NVIM_PLUGINS)
	AIANA_TEST_NVIM_PLUGINS=$(NVIM_PLUGINS) $(BIN)/pytest --numprocesses logical --maxprocesses 4 --dist loadfile

vscode-extension/node_modules/.package-lock.json: vscode-extension/package-lock.json
	cd vscode-extension && npm ci --no-audit --no-fund

test-extension: $(INSTALLED) vscode-extension/node_modules/.package-lock.json
	cd vscode-extension && npm test

# What is packed bears the time of the last commit, so that the same source gives the same file.
vsix: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1767225600)
vsix: $(INSTALLED) vscode-extension/node_modules/.package-lock.json
	cd vscode-extension && npm run package

# The packed extension in the real VS Code; installs it and Chromium first, which takes minutes once.
test-vscode: vsix
	tests/editors/vscode/install.sh
	node --test --test-concurrency=1 tests/editors/vscode/*.test.mjs

# What failed in the last run, alone: on a crowded machine a test can starve beside the others.
test-failed: $(INSTALLED)
	AIANA_TEST_NVIM_PLUGINS=$(NVIM_PLUGINS) $(BIN)/pytest --last-failed --last-failed-no-failures none

# The real assistants, with a scripted model and no account; installs them first, some 2 GB once.
ASSISTANTS := $(CACHE)/assistants
test-assistants: $(INSTALLED)
	npm install --no-audit --no-fund --silent --prefix $(ASSISTANTS) @anthropic-ai/claude-code @openai/codex \
	    @google/gemini-cli @github/copilot opencode-ai @qwen-code/qwen-code @continuedev/cli cline
	AIANA_TEST_ASSISTANTS=$(ASSISTANTS)/node_modules/.bin $(BIN)/pytest tests/assistants

$(STYLUA):
	npm install --no-audit --no-fund --silent --prefix $(CACHE)/stylua @johnnymorganz/stylua@2.5.2

lint: $(INSTALLED) $(STYLUA)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(FORMAT_LUA) {} +
	@if command -v luacheck >/dev/null; then luacheck --quiet --config editors/nvim/.luacheckrc $(LUA); \
	else echo 'luacheck is not installed (lua-check in Debian): the Lua is not linted'; fi

format: $(INSTALLED) $(STYLUA)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(FORMAT_LUA) --write {} +

docs: $(INSTALLED)
	$(BIN)/python -m aiana.protocol.document docs/protocol.md
	$(BIN)/python -m aiana.protocol.typescript vscode-extension/src/protocol.ts
	$(BIN)/python -m aiana.protocol.lua editors/nvim/lua/aiana/protocol.lua

# A folder that assistants which read Agent Plugins take as it is.
plugin: $(INSTALLED)
	$(BIN)/python -m aiana.setup.plugin build/plugin

# Many processes on one store, killed and stopped at random, for as many operations as are asked for.
OPERATIONS ?= 20000
CALM ?= 1
stress: $(INSTALLED)
	$(BIN)/python -m tests.stress.store --operations $(OPERATIONS) --calm $(CALM)

# Messages that no careful client sends, with a seed of their own in each run.
MESSAGES ?= 100000
fuzz: $(INSTALLED)
	AIANA_TEST_MESSAGES=$(MESSAGES) AIANA_TEST_SEED=$${SEED:-$$(date +%s)} $(BIN)/pytest -o timeout=0 tests/lsp/test_fuzz.py

# What an installation consists of, as CycloneDX: of Python what a user installs, of npm all that the extension is built with.
SBOM := $(CACHE)/sbom
sbom:
	$(PYTHON) -m venv $(SBOM)/tool && $(SBOM)/tool/bin/pip install --quiet --disable-pip-version-check 'cyclonedx-bom>=7,<8'
	$(PYTHON) -m venv --clear $(SBOM)/app && $(SBOM)/app/bin/pip install --quiet --disable-pip-version-check '.[semantic]'
	$(SBOM)/app/bin/pip uninstall --quiet --yes pip setuptools
	@mkdir -p build
	$(SBOM)/tool/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
	    --output-file build/aiana.cdx.json $(SBOM)/app/bin/python
	cd vscode-extension && npm sbom --package-lock-only --sbom-format cyclonedx > ../build/extension.cdx.json

# Known vulnerabilities of what a user installs, and of what the extension is packed with; asks PyPI and the npm registry.
audit: sbom
	$(PYTHON) -m venv $(CACHE)/audit && $(CACHE)/audit/bin/pip install --quiet --disable-pip-version-check 'pip-audit>=2.9,<3'
	$(SBOM)/tool/bin/pip --python $(SBOM)/app/bin/python freeze --exclude aiana > $(CACHE)/audit/installed.txt
	$(CACHE)/audit/bin/pip-audit --strict --disable-pip --no-deps --progress-spinner off -r $(CACHE)/audit/installed.txt
	cd vscode-extension && npm audit --package-lock-only --omit=dev

# The wheel and the extension, packed twice, are the same to the byte.
reproduce: $(INSTALLED)
	rm -rf build/once build/again
	for time in once again; do \
	    $(MAKE) --no-print-directory vsix && mkdir -p build/$$time && cp vscode-extension/aiana.vsix build/$$time && \
	    $(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/$$time . || exit 1; \
	done
	cd build/once && for file in *; do cmp "$$file" "../again/$$file" && sha256sum "$$file" || exit 1; done

bench: $(INSTALLED)
	$(BIN)/python -m tests.benchmarks

bench-retrieval: $(INSTALLED)
	$(BIN)/python -m tests.benchmarks.retrieval.run $(SETS) --cache $(CACHE)/retrieval
	$(BIN)/python -m tests.benchmarks.retrieval.injected $(SETS)

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache
