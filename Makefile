# make demo   set up and classify an image of this repository through TFLite, on the software driver
# make test   set up and run the tests
# make lint   set up and check style, types and import boundaries
# make docs   set up and build the documentation into build/site; a warning is an error
# make clean  remove what the above made
#
# PYTHON names the interpreter (3.11 or later), VENV the virtual environment that is made.

PYTHON ?= python3
VENV ?= .venv
PYTEST_FLAGS ?= --numprocesses=auto --dist=loadfile

PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet
# An installation is good until what it was made from changes; Python sources are used in place.
SOURCES := pyproject.toml setup.py $(wildcard frontends/*/*.c frontends/*/*.h)

.PHONY: demo test lint docs clean

demo: $(VENV)/.installed-demo
	$(VENV)/bin/python examples/demo.py

test: $(VENV)/.installed-dev
	$(VENV)/bin/python -m pytest $(PYTEST_FLAGS)

lint: $(VENV)/.installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# The variable quiets an announcement of the theme's makers.
docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

clean:
	rm -rf $(VENV) build *.egg-info
	find frontends -name '*.so' -delete

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "npu-hal needs Python 3.11 or later, and '$(PYTHON)' is not; name one with: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-demo: $(VENV)/bin/python $(SOURCES)
	$(PIP) install --editable '.[jit,tflite]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python $(SOURCES)
	$(PIP) install --editable '.[dev]'
	@touch $@ $(VENV)/.installed-demo

$(VENV)/.installed-docs: $(VENV)/bin/python pyproject.toml
	$(PIP) install --editable '.[docs]'
	@touch $@
