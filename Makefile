# make demo       set up, start the embedded mock, verify it, and show the summary
# make test       set up, and run lint, types and tests; eleven minutes on two cores
# make test-all   the same with the tests that take longer; twenty minutes

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NODE_READY := tests/node/node_modules/.ready tests/stacks/node/node_modules/.ready

.PHONY: demo test test-all lint types unit unit-all example docs site kill-matrix variations reproduce repro profiles sites ci-figures rewrite bench clean

demo: $(READY)
	$(BIN)/accord verify

# What takes long runs side by side: one of the processors is often idle while tests wait for something.
test: lint $(NODE_READY)
	@$(MAKE) --no-print-directory -j types unit example

test-all: lint $(NODE_READY)
	@$(MAKE) --no-print-directory -j types unit-all example

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/vulture

types: $(READY)
	$(BIN)/mypy

unit: TESTS := not extended
unit-all: TESTS := extended or not extended

# Some tests depend on browsers, processes and clocks, on a machine busy with other tests: one that fails is run again, and listed.
# Many tests start Python processes, some of which may not write compiled files: so all files are compiled first.
unit unit-all: $(READY) $(NODE_READY)
	$(BIN)/python -m compileall -q accord mockserver contract_tests tests
	$(BIN)/pytest -n auto --dist worksteal -q --reruns 1 --durations 10 --durations-min 5 -m '$(TESTS)'

example: $(READY)
	cd examples/django_helpdesk && ../../$(BIN)/python manage.py test

# Writes docs/contract.md from the files of the contract.
docs: $(READY)
	$(BIN)/python -m contract_tests.reports.contract_page

# The documentation as pages, in site/.
site: $(READY)
	$(BIN)/mkdocs build --strict --quiet

# Takes an hour; with `--fast` it takes a third of that, and writes nothing. `--kept FILE` goes on after an interruption.
kill-matrix: $(READY)
	$(BIN)/python -m tests.harness.kill_matrix

# Checks that the suite finds every conforming server conformant; the tests try only a sample. A quarter of an hour.
variations: $(READY)
	$(BIN)/python -m tests.variations

# Checks that the lines of every broken server's report show its fault again. A quarter of an hour; needs bash, curl and jq.
reproduce: $(READY)
	$(BIN)/python -m tests.harness.reproduce

# Checks that the scripts of repro/ exit with 1 on every broken server, and with 0 on a conforming one. Half an hour.
repro: $(READY)
	$(BIN)/python -m tests.harness.rerun

# Checks that `accord profile` observes 500 random profiles of the mock as they were given to it. Some eight minutes.
profiles: $(READY)
	$(BIN)/python -m tests.harness.profiles

# Measures a site of 200 certificates, and a comparison of as many reports. Some minutes; needs Chromium.
sites: $(READY)
	$(BIN)/python -m tests.harness.sites

# Measures for docs/ci.md how long a job takes, and how large its files are.
ci-figures: $(READY)
	$(BIN)/python -m tests.pipelines.figures

# Measures how many of 150 random rewrites of the mock and of the Django example the suite finds. Half an hour.
rewrite: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[rewrite]'
	$(BIN)/python -m tests.harness.rewrite

# Needs wrk, and a quiet machine for half an hour. Servers that are not installed are left out, and named.
bench: $(READY)
	@if command -v npm >/dev/null; then cd bench && npm ci --silent --no-audit --no-fund; \
	else echo "npm is not there: the servers that need Node are left out"; fi
	$(BIN)/python -m bench compare
	$(BIN)/python -m bench growth

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Accord needs Python 3.11 or later; name one: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --editable '.[dev]'
	@touch $@

# Linters of the contract document and the generated client, and a server in Express; without npm their tests are skipped, and say so.
$(NODE_READY): %/node_modules/.ready: %/package-lock.json
	@if command -v npm >/dev/null; then cd $* && npm ci --silent --no-audit --no-fund && touch node_modules/.ready; \
	else echo "npm is not there: the tests that need Node are skipped"; fi

clean:
	rm -rf $(VENV) tests/node/node_modules tests/stacks/node/node_modules bench/node_modules accord-report build dist site
