# Two commands do everything on a bare machine: `make demo` and `make test`. `make check` is what CI asks for beside them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-kubernetes check format schemas docs screenshots bench clean

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all,dev]'
	touch $@

# The main job on something real: a service is broken twice, diagnosed, repaired, verified. Under two minutes.
demo: $(VENV)/demo
	PATH="$(CURDIR)/$(BIN):$$PATH" ./examples/demo/demo.sh

$(VENV)/demo: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all]'
	touch $@

# All tests. What a test needs and the machine lacks is said at the end, with the reason.
test: $(VENV)/ready
	./tests/realparts/install.sh
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -q -n 2 --dist loadfile $(PYTEST_ARGS)

# The Kubernetes suite against a real API server, built once from the distribution's source package (7 to 15 minutes, into
# ~/.cache/steadyhand/kubernetes). Without one, `make test` runs it against a fake that the same tests hold to the real one.
test-kubernetes: $(VENV)/ready
	./tests/realparts/build_kubernetes.sh
	STEADY_REQUIRE_KUBERNETES=1 PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -q tests/handlers/test_kubectl.py \
		tests/handlers/test_kube_*.py tests/test_kubernetes.py tests/deploy/test_helm.py $(PYTEST_ARGS)

# Format, lint, types, import contracts, drawn docs: the same here and in CI.
check: $(VENV)/ready
	$(BIN)/ruff format --check engine tests benchmarks docs
	$(BIN)/ruff check engine tests benchmarks docs
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/lint-imports --no-cache
	$(BIN)/python docs/reference/draw.py --check
	$(BIN)/python docs/library/draw.py --check

format: $(VENV)/ready
	$(BIN)/ruff format engine tests benchmarks docs
	$(BIN)/ruff check --fix engine tests benchmarks docs

# The published schemas, from the tables that the checker reads.
schemas: $(VENV)/ready
	for name in backtest drill plan proved runbook settings test tested transcript; do $(BIN)/steady schema $$name > schemas/$$name.schema.json; done
	$(BIN)/python -m steadyhand.web.api.document > schemas/openapi.json

# The reference pages, from the tables that the program reads.
docs: $(VENV)/ready
	$(BIN)/python docs/reference/draw.py
	$(BIN)/python docs/library/draw.py

# The pictures of the pages in docs/pictures, from real runs in Debian's Chromium.
screenshots: $(VENV)/ready
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.web.screenshots

# Figures as ratios against floors and peers in the same run.
bench: $(VENV)/ready
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/intake.py

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
