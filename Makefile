# Everything here needs Python 3.11 to 3.13, make and a package index. `make` alone lists the targets.

PYTHON ?= python3
OLDEST_PYTHON ?= $(shell command -v python3.11 || echo $(PYTHON))
VENV := .venv
OLDEST_VENV := .venv-oldest
GPU_VENV := .venv-gpu
BIN := $(VENV)/bin
comma := ,
define newline


endef

# Two to four workers: each one holds TensorFlow (about 600 MB). `make test TEST_ARGS="-k pixels"`
# runs in one process, which is quicker for a few tests.
TEST_ARGS ?= -n logical --maxprocesses=4 --dist=worksteal
DEMO_ARGS ?= --out demo_output

# Benchmarks on data sets need the folder of test data, and run only where it is named.
DATA := $(SKFUSION_TEST_DATA)/data
WEIGHTS_25 := $(SKFUSION_TEST_DATA)/weights/mobilenet_2_5_224_tf_no_top.h5
WEIGHTS_75 := $(SKFUSION_TEST_DATA)/weights/mobilenet_7_5_224_tf_no_top.rebuilt.h5
BENCH_copies := $(DATA)/flowers --weights $(WEIGHTS_25)
BENCH_cross_fit := $(DATA) $(WEIGHTS_25)
BENCH_choice := $(DATA) $(WEIGHTS_75)
BENCH_embedders := $(DATA) $(WEIGHTS_25) bench_output
BENCH_fusion := $(DATA) $(WEIGHTS_75)
BENCH_heads := $(if $(SKFUSION_TEST_DATA),$(DATA) $(WEIGHTS_25))
BENCH_joint := $(DATA) $(WEIGHTS_75) bench_output
BENCH_onnx_graph := $(DATA)/flowers $(WEIGHTS_75)
BENCH_search := $(DATA)/fashion_products $(WEIGHTS_75)
BENCH_training := $(DATA) $(WEIGHTS_25)
DATA_BENCHES := $(patsubst %,benchmarks/%.py,choice copies cross_fit embedders explain fusion joint \
	onnx_graph search training)
# These need what `make venv` does not install: a GPU, a browser, another format of tables.
OTHER_BENCHES := $(patsubst %,benchmarks/%.py,gpu page shared_store)
BENCH ?= $(filter-out $(OTHER_BENCHES) $(if $(SKFUSION_TEST_DATA),,$(DATA_BENCHES)), \
	$(wildcard benchmarks/*.py))

# Examples on images that aren't part of the repository take the folders of data sets as their
# arguments; here they are looked up in the folder of test data, if there is one.
DATA_oasis_mri := oasis1
DATA_recipe_b := flowers hymenoptera
DATA_EXAMPLES := $(if $(SKFUSION_TEST_DATA),$(filter-out examples/plot_%,$(wildcard examples/*.py)))
EXAMPLES ?= $(wildcard examples/plot_*.py examples/distributed/*.py) $(DATA_EXAMPLES)
data-folders = $(addprefix $(SKFUSION_TEST_DATA)/data/,$(DATA_$(basename $(notdir $(1)))))

# TensorFlow's notes about the processor say nothing that a reader here can act on.
export TF_CPP_MIN_LOG_LEVEL ?= 2
# Examples and the demo draw to files, not to windows.
export MPLBACKEND ?= Agg

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-jax test-gpu test-oldest test-oldest-public lint format dist
.PHONY: test-dist docs bench examples clean clean-venv
# The environments are shared: two installations into one at the same time would damage it.
.NOTPARALLEL:

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sort | \
		awk -F ':.*## ' '{ printf "  make %-18s %s\n", $$1, $$2 }'

venv: $(VENV)/.stamp ## make .venv with everything that the other targets need

demo: $(VENV)/.stamp-demo ## digits and iris measurements: scores, a saved model, a figure
	$(BIN)/skfusion demo $(DEMO_ARGS)

test: $(VENV)/.stamp ## run the tests and the examples of the docstrings
	$(BIN)/python -m pytest $(TEST_ARGS)

test-jax: $(VENV)/.stamp ## run the tests marked `backend` with Keras on JAX
	KERAS_BACKEND=jax $(BIN)/python -m pytest -m backend $(TEST_ARGS) tests

test-gpu: $(GPU_VENV)/.stamp ## run the tests marked `gpu` with TensorFlow, on a machine with a GPU
	SKFUSION_REQUIRE_GPU=1 $(GPU_VENV)/bin/python -m pytest -m gpu tests

test-oldest: $(OLDEST_VENV)/.stamp ## run the tests on the oldest supported versions
	$(OLDEST_VENV)/bin/python -m pytest $(TEST_ARGS)

test-oldest-public: $(OLDEST_VENV)/.stamp ## run the tests marked `public` on the oldest versions
	$(OLDEST_VENV)/bin/python -m pytest -m public $(TEST_ARGS) tests

lint: $(VENV)/.stamp ## check style, format, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

format: $(VENV)/.stamp ## fix what ruff can fix
	$(BIN)/ruff check --fix --exit-zero --quiet
	$(BIN)/ruff format
	$(BIN)/ruff check

dist: $(VENV)/.stamp ## build the source distribution and the wheel into dist/
	rm -rf build dist
	$(BIN)/python -m build --outdir dist

test-dist: dist ## install the wheel alone and import every public name
	$(BIN)/python tools/check_wheel.py dist/*.whl

docs: $(VENV)/.stamp ## build the documentation into docs/_build/html
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

bench: $(VENV)/.stamp ## run the benchmarks; those on data only with SKFUSION_TEST_DATA
	$(foreach file,$(BENCH),$(BIN)/python $(file) $(BENCH_$(basename $(notdir $(file))))$(newline))

examples: $(VENV)/.stamp ## run the examples; those on data only with SKFUSION_TEST_DATA
	$(foreach file,$(EXAMPLES),$(BIN)/python $(file) $(call data-folders,$(file))$(newline))

clean: ## remove what these targets wrote, but not the environments
	rm -rf demo_output bench_output build dist docs/_build docs/auto_examples docs/generated docs/sg_execution_times.rst
	rm -rf .pytest_cache .ruff_cache .import_linter_cache .mypy_cache *.egg-info
	find . -name '.venv*' -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

clean-venv: ## remove the environments
	rm -rf $(VENV) $(OLDEST_VENV) $(GPU_VENV)

# $(call make-venv,PYTHON,NEWEST,FOLDER,PINS,EXTRAS): NEWEST is the last Python 3.x that the pinned
# versions have builds for. The pins are constraints, so that one file serves every extra. An
# existing environment is brought up to date, not replaced. Compiling all modules takes pip longer
# than the first import needs for those that it loads, so that it is left out here.
define make-venv
	@$(1) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, $(2)))' || { \
		echo "$(3) needs Python 3.11 to 3.$(2); '$(1)' is: $$($(1) --version 2>&1 | head -n 1)" >&2; \
		echo "Name another one, as in: make $(MAKECMDGOALS) $(if $(filter $(3),$(VENV)),PYTHON,OLDEST_PYTHON)=/path/to/python3.11" >&2; \
		exit 1; }
	@echo "Installing $(5) into $(3); the first time this takes half a minute or more."
	test -x $(3)/bin/python || $(1) -m venv $(3)
	$(3)/bin/python -m pip install --quiet --no-compile --constraint $(4) --editable '.[$(5)]'
endef

# Tests start many processes, also where Python may not write what it compiled
# (PYTHONDONTWRITEBYTECODE). compileall uses all cores; files that aren't Python 3 make it fail.
compile-venv = @$(1)/bin/python -m compileall -qq -j 0 $(1)/lib || true

$(VENV)/.stamp-demo: pyproject.toml requirements/constraints.txt
	$(call make-venv,$(PYTHON),13,$(VENV),requirements/constraints.txt,cpu$(comma)plot)
	@touch $@

# Has what the demo needs, too.
$(VENV)/.stamp: pyproject.toml requirements/constraints.txt requirements/no-deps.txt
	$(call make-venv,$(PYTHON),13,$(VENV),requirements/constraints.txt,dev)
	$(VENV)/bin/python -m pip install --quiet --no-compile --no-deps --requirement requirements/no-deps.txt
	$(call compile-venv,$(VENV))
	@touch $(VENV)/.stamp-demo $@

$(OLDEST_VENV)/.stamp: pyproject.toml requirements/oldest.txt
	$(call make-venv,$(OLDEST_PYTHON),12,$(OLDEST_VENV),requirements/oldest.txt,cpu$(comma)test)
	$(call compile-venv,$(OLDEST_VENV))
	@touch $@

$(GPU_VENV)/.stamp: pyproject.toml requirements/constraints.txt
	$(call make-venv,$(PYTHON),13,$(GPU_VENV),requirements/constraints.txt,gpu$(comma)test)
	@touch $@
