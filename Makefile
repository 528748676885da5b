# Broadsheet's commands. Needs Python 3.11 and make; everything else is put into .venv here.
#   make run ARGS="PATH… --lake DIR"     make up PORT=8090 LAKE=s3://BUCKET/FOLDER     make test ARGS="tests/core -k ids"

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

ARGS ?=
PAGES ?= 50000
SEED ?=
PORT ?=
LAKE ?=
ifneq ($(LAKE),)
export BROADSHEET_LAKE := $(LAKE)
endif
# uv would trust certificates of its own alone; pip trusts the system's, and both must work behind the same proxy.
export UV_SYSTEM_CERTS := 1
# A container image may forbid it: then each of many short processes would compile all that it imports, seconds of each.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
READY := .venv/ready
LOCKS := requirements.txt requirements-compose.txt requirements-dev.txt
BENCH := build/bench-venv
S3_SERVER := build/s3-server
WARC_TOOLS := build/warc-tools
SPARK := .venv-spark
CODE := include dags bin plugins tests examples bench
# Folders of CODE that hold Python: a linter fails on a folder that is not there.
PRESENT = $(foreach folder,$(CODE),$(if $(wildcard $(folder)),$(folder)))

.PHONY: help run up cluster spark-up secrets sample test test-cluster eval bench bench-warehouse bench-drift bench-quality bench-airflow bench-ui bench-capture bench-scale fuzz lint format docs lock setup clean distclean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

run: $(READY) ## Run the DAG news_pipeline through Airflow on the bundled sample (ARGS="PATH… --lake DIR" for other pages)
	@exec $(BIN)/python bin/run_through_airflow.py $(ARGS)

up: $(READY) ## Serve the Airflow UI on 127.0.0.1 until Ctrl-C (PORT=8080 or the next free one)
	@exec $(BIN)/python bin/up.py $(if $(PORT),--port $(PORT)) $(ARGS)

cluster: $(READY) ## Run docker-compose.yaml's services as processes of this machine until Ctrl-C (needs PostgreSQL and Redis installed)
	@exec $(BIN)/python bin/cluster.py $(if $(PORT),--port $(PORT)) $(ARGS)

spark-up: $(SPARK)/ready ## Serve a standalone Spark cluster, a master and two workers, on 127.0.0.1 until Ctrl-C (needs Java 17)
	@exec $(BIN)/python bin/spark_up.py $(ARGS)

secrets: $(READY) ## Write the secrets that docker-compose.yaml demands into .env, if there is none
	@exec $(BIN)/python bin/write_secrets.py

test: $(READY) $(S3_SERVER)/ready $(WARC_TOOLS)/ready $(SPARK)/ready ## Run the tests (ARGS="-m 'not airflow'" leaves out those that start Airflow)
	@$(BIN)/python -m pytest $(ARGS)

test-cluster: $(READY) ## Run the cluster of docker-compose.yaml without containers and kill its workers in the middle of a run (minutes)
	@$(BIN)/python -m pytest tests/dags/test_cluster.py $(ARGS)

lint: $(READY) ## Check style, Airflow habits, formatting and types
	@$(BIN)/ruff check $(PRESENT)
	@$(BIN)/ruff format --check $(PRESENT)
	@$(BIN)/mypy
	@$(BIN)/mypy dags/*.py dags/broadsheet_airflow plugins/*.py bin/*.py

format: $(READY) ## Rewrite the code in the agreed format
	@$(BIN)/ruff check --fix $(PRESENT)
	@$(BIN)/ruff format $(PRESENT)

sample: $(READY) ## Make the bundled sample anew from its seed
	@rm -rf examples/sample
	@PYTHONPATH=examples $(BIN)/python -m sampleworld --out examples/sample

eval: $(READY) ## Print the page kernel's scores beside their floors (needs the evaluation data beside the checkout)
	@$(BIN)/python tests/eval/evaluate.py

bench: $(BENCH)/ready ## Measure the page kernel beside other extractors, and what the guard costs (minutes)
	@$(BENCH)/bin/python bench/kernel.py $(ARGS)

bench-warehouse: $(READY) ## Measure the warehouse at a million captures: loads, questions, kills (hours; ARGS=--small a few minutes)
	@$(BIN)/python bench/warehouse.py $(ARGS)

fuzz: $(READY) ## Read mutated pages, many of them (PAGES=50000 SEED=…); failing ones are kept in build/fuzz
	@PYTHONPATH=tests/page $(BIN)/python tests/fuzz/fuzz.py --pages $(PAGES) $(if $(SEED),--seed $(SEED)) $(ARGS)

bench-drift: $(READY) ## Measure how many changes of sites are noticed on their day, and false alarms (a quarter of an hour)
	@$(BIN)/python bench/drift.py $(ARGS)

bench-quality: $(READY) ## Measure which faults in the data are caught, what is told of clean days, what checking costs (a quarter of an hour; ARGS=--small some minutes)
	@$(BIN)/python bench/quality.py $(ARGS)

bench-airflow: $(READY) ## Measure what Airflow adds to building a day of 10,000 and of 50,000 pages (an hour; ARGS=--small some minutes)
	@$(BIN)/python bench/airflow.py $(ARGS)

bench-ui: $(READY) ## Measure how long the pages in Airflow's UI take over a large lake (ARGS="--lake DIR"; else the one that bench-warehouse left)
	@$(BIN)/python bench/ui.py $(ARGS)

bench-capture: $(READY) ## Measure crawling and reading archives beside bare Scrapy and FastWARC, and kill crawls (minutes; ARGS=--small one)
	@$(BIN)/python bench/capture.py $(ARGS)

bench-scale: $(READY) $(SPARK)/ready ## Measure a million pages through the pool, what a second worker gains, and the same on Spark (hours; ARGS=--small some minutes)
	@$(BIN)/python bench/scale.py $(ARGS)

docs: $(READY) ## Write the generated pages of docs/ and the column lineage anew
	@$(BIN)/broadsheet dictionary --out docs/data_dictionary.md
	@$(BIN)/broadsheet dictionary --diagram --out docs/entity_diagram.md
	@$(BIN)/broadsheet dictionary --suites --out docs/data_suites.md
	@rm -rf build/docs-lake
	@$(BIN)/broadsheet run examples/sample/pages --manifest examples/sample/manifest.jsonl --lake build/docs-lake --shards 1 >/dev/null || [ $$? = 3 ]
	@$(BIN)/broadsheet questions --lake build/docs-lake --out docs/questions.md
	@$(BIN)/python bin/column_lineage.py --lake build/docs-lake

lock: .venv/uv ## Resolve the requirements anew and write the hash-locked files
	@$(BIN)/uv pip compile -q --upgrade requirements.in --python-version 3.11 --universal --generate-hashes -o requirements.txt
	@$(BIN)/uv pip compile -q --upgrade requirements-compose.in --python-version 3.11 --universal --generate-hashes -o requirements-compose.txt
	@$(BIN)/uv pip compile -q --upgrade requirements-dev.in --python-version 3.11 --universal --generate-hashes -o requirements-dev.txt
	@$(BIN)/uv pip compile -q --upgrade requirements-s3.in --python-version 3.11 --universal --generate-hashes -o requirements-s3.txt
	@$(BIN)/uv pip compile -q --upgrade requirements-warc.in --python-version 3.11 --universal --generate-hashes -o requirements-warc.txt
	@$(BIN)/uv pip compile -q --upgrade requirements-spark.in --python-version 3.11 --universal --generate-hashes -o requirements-spark.txt
	@$(BIN)/uv pip compile -q --upgrade requirements-bench.in --python-version 3.11 --universal --generate-hashes -o requirements-bench.txt
	@git --no-pager diff --stat -- 'requirements*.txt' || true

setup: $(READY) ## Make .venv with everything in it; done by the others when needed

clean: ## Remove what runs and tools left here: lake, Airflow's state, caches
	@rm -rf lake var build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -path './.venv*' -prune -o -type d -name __pycache__ -print0 | xargs -0 rm -rf

distclean: clean ## Remove .venv too
	@rm -rf .venv $(SPARK) include/*.egg-info

# --- set-up: repeated only when the locked requirements or the package's declaration change ---------------------------

.venv/python:
	@for candidate in "$${PYTHON:-python3.11}" python3 python; do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then \
	        echo "Making .venv with $$("$$candidate" --version) …"; "$$candidate" -m venv --clear .venv; touch $@; exit 0; fi; \
	done; \
	echo "Broadsheet needs Python 3.11, and neither python3.11 nor python3 is one. Install it, or name it: make PYTHON=/path/to/python3.11 …" >&2; exit 1

# uv comes from its own locked lines, checked against their hashes like everything else.
.venv/uv: .venv/python
	@sed -n '/^uv==/,/^    #/p' requirements-dev.txt > .venv/uv-requirement.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv-requirement.txt
	@touch $@

$(READY): .venv/uv $(LOCKS) pyproject.toml requirements.in
	@echo "Installing the locked requirements …"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes $(LOCKS)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# The peers in an environment of their own, before the project's packages: their versions win there, and are not in .venv.
$(BENCH)/ready: $(READY) requirements-bench.txt
	@echo "Installing what the benchmark compares with …"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(BENCH)
	@$(BIN)/uv pip sync --quiet --python $(BENCH)/bin/python --require-hashes requirements-bench.txt
	@$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' > $(BENCH)/lib/python3.11/site-packages/project.pth
	@touch $@

# The S3-compatible server of the tests in an environment of its own: it wants other versions than the project.
$(S3_SERVER)/ready: .venv/uv requirements-s3.txt
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(S3_SERVER)
	@$(BIN)/uv pip sync --quiet --python $(S3_SERVER)/bin/python --require-hashes requirements-s3.txt
	@touch $@

# Tools that index and check WARC files, as others have them.
$(WARC_TOOLS)/ready: .venv/uv requirements-warc.txt
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(WARC_TOOLS)
	@$(BIN)/uv pip sync --quiet --python $(WARC_TOOLS)/bin/python --require-hashes requirements-warc.txt
	@touch $@

# Spark, and the project as its executors need it, in an environment of their own: Spark is large, and pins what it needs.
$(SPARK)/ready: $(READY) requirements-spark.txt pyproject.toml requirements.in
	@echo "Installing Spark …"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(SPARK)
	@$(BIN)/uv pip sync --quiet --python $(SPARK)/bin/python --require-hashes requirements-spark.txt
	@echo "$(CURDIR)/include" > $(SPARK)/lib/python3.11/site-packages/broadsheet.pth
	@touch $@
