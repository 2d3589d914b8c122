# Every target sets itself up: a fresh machine needs Python 3.11+ and make.
PYTHON ?= python3
VENV   ?= .venv
TEST_PROCESSES ?= 2
BIN    := $(VENV)/bin
# One BLAS/OpenMP thread a process: oversubscribed cores fit trees 10 to 30 times slower.
export OMP_NUM_THREADS ?= 1

.PHONY: rank test lint train bench single-phase clean

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("ssepredict needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.ready-test: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

rank: $(VENV)/.ready
	$(BIN)/ssepredict rank na3zr2si2po12 --out rankings/na3zr2si2po12
	$(BIN)/ssepredict rank li2zrcl6 --out rankings/li2zrcl6

lint: $(VENV)/.ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest --numprocesses $(TEST_PROCESSES) --dist loadfile
	$(BIN)/pytest --nbmake --nbmake-timeout=300 notebooks

train: $(VENV)/.ready
	$(BIN)/ssepredict train

# Read the reported dopant fractions from the dataset anew; printing reads the old table, so move it afterwards.
single-phase: $(VENV)/.ready
	$(BIN)/python -m ssepredict.modeling.single_phase > single_phase.tmp
	mv single_phase.tmp ssepredict/physics/single_phase.py

bench: $(VENV)/.ready-test
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) rankings bench-results .pytest_cache .mypy_cache .ruff_cache
