# Builds, tests and checks ironssl. Each target sets up what it needs; a second run makes only what has changed.
# `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The interpreter for the virtual environment; empty is the first CPython of 3.11 or newer on the PATH.
PYTHON ?=

# Each OpenSSL has a target folder and a virtual environment of its own, so that neither build disturbs the other.
ifeq ($(filter-out 0,$(OPENSSL_NO_VENDOR)),)
# Unset rather than 0: cargo would take the difference for a reason to build OpenSSL again.
unexport OPENSSL_NO_VENDOR
TARGET := $(CURDIR)/target
VENV := .venv
NEEDED_LIBRARY :=
else
export OPENSSL_NO_VENDOR
TARGET := $(CURDIR)/target/system
VENV := .venv-system
NEEDED_LIBRARY := pkg-config=pkg-config lib:openssl=libssl-dev
endif

# OpenSSL is built once for each target folder, profile and setting of the profile. So all of the project's builds are
# `--release` in this folder, and none overrides the profile; tools/ has a few that link what was built here.
CARGO := cargo
RELEASE := --release --locked
export CARGO_TARGET_DIR := $(TARGET)
# The extension must not link libpython. maturin sets this too; with the same value everywhere PyO3 is built once.
export PYO3_BUILD_EXTENSION_MODULE := 1
# The build back end of the isolated builds, too, is the one of tests/requirements.txt.
export PIP_BUILD_CONSTRAINT := $(CURDIR)/tests/requirements.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

IN_VENV := $(VENV)/bin/python
# What a real peer is in the demo, and in the tests.
DEMO_PEERS := openssl=openssl curl=curl
PEERS := $(DEMO_PEERS) gnutls-cli=gnutls-bin nginx=nginx

WHEELS := $(TARGET)/wheel
SHIM := $(TARGET)/shim
# What is in the wheel, and so what makes a new one necessary.
SOURCES := $(shell find crates python -type f -not -name '*.so' -not -path '*/__pycache__/*' -not -path '*/.*' \
	-not -path 'crates/sys/headers/*' -not -path 'crates/*/tests/*' -not -path 'crates/*/examples/*' 2>/dev/null | sort)
SOURCES += Cargo.toml Cargo.lock .cargo/config.toml pyproject.toml README.md LICENSE

.PHONY: help
help: ## List the targets
	@echo 'ironssl: the Python package OpenSSL in Rust. Targets:'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo 'Variables: PYTHON=/path/to/python3 (3.11 or newer); OPENSSL_NO_VENDOR=1 (link the system OpenSSL)'

.PHONY: demo
demo: $(VENV)/installed demo-peers ## Show it: a CA, a TLS server, and openssl, curl and Python as its peers
	@$(IN_VENV) examples/demo.py

.PHONY: test
test: test-rust test-python ## Run all tests (Rust and Python)

.PHONY: test-rust
test-rust: compiler ## Run the Rust tests, the doctests and the check against the C headers
	$(CARGO) test $(RELEASE) --no-fail-fast -p ironssl -p ironssl-sys -p ironssl-sys-headers

# ARGS goes to pytest: make test-python ARGS='-k session -x'
.PHONY: test-python
test-python: $(VENV)/installed $(SHIM)/built peers ## Run the Python tests (ARGS='-k name -x' goes to pytest)
	IRONSSL_WHEELS=$(WHEELS) IRONSSL_SHIM=$(SHIM) $(IN_VENV) -m pytest $(ARGS)

# The minute is for each of its tests.
.PHONY: soak
soak: $(VENV)/installed ## Run the tests with many threads for a minute each
	IRONSSL_SOAK_SECONDS=60 $(IN_VENV) -m pytest tests/test_ssl_soak.py $(ARGS)

# SCALE is some of connections, certificates and sending, empty all of them.
SCALE ?=
.PHONY: scale
scale: $(VENV)/installed ## Measure 10,000 connections and certificates and 1 GiB, and hold them to their bounds (SCALE=name: one)
	$(IN_VENV) -m tests.scale.measure $(SCALE)

# FUZZ is a target of fuzz/ (its README lists them), empty all of them; TIME is in seconds for each.
FUZZ ?=
TIME ?= 60
.PHONY: fuzz
fuzz: $(VENV)/installed instruments ## Fuzz (FUZZ=name: one target; TIME=seconds for each)
	tools/fuzz $(TARGET) $(IN_VENV) $(TIME) $(FUZZ)

.PHONY: fuzz-smoke
fuzz-smoke: ## Fuzz each target for 30 s
	@$(MAKE) fuzz TIME=30

# SANITIZE is some of address, thread and python, empty all of them.
SANITIZE ?=
.PHONY: sanitize
sanitize: $(VENV)/installed instruments peers ## Run the tests under sanitizers (SANITIZE=address|thread|python: one)
	ARGS='$(ARGS)' tools/sanitize $(TARGET) $(IN_VENV) $(SANITIZE)

.PHONY: test-system
test-system: ## Run all tests against the system's OpenSSL (3.0 or newer) instead of the vendored one
	@$(MAKE) OPENSSL_NO_VENDOR=1 test

.PHONY: test-all
test-all: $(WHEELS)/built $(SHIM)/built peers ## Run the Python tests on every CPython of 3.11 or newer here, from one wheel
	@IRONSSL_WHEELS=$(WHEELS) IRONSSL_SHIM=$(SHIM) tools/test-all $(TARGET)/pythons $(ARGS)

.PHONY: test-sdist
test-sdist: $(VENV)/requirements compiler ## Build a wheel from the source distribution alone and import it (slow)
	rm -rf $(TARGET)/sdist
	$(VENV)/bin/maturin sdist --out $(TARGET)/sdist
	env -u CARGO_TARGET_DIR $(IN_VENV) -m pip wheel --no-deps --wheel-dir $(TARGET)/sdist/wheel $(TARGET)/sdist/*.tar.gz
	$(IN_VENV) -m venv $(TARGET)/sdist/venv
	$(TARGET)/sdist/venv/bin/python -m pip install --quiet --no-index --no-deps $(TARGET)/sdist/wheel/*.whl
	cd $(TARGET)/sdist && env -i venv/bin/python -I -c 'import OpenSSL.SSL, OpenSSL.crypto; print(OpenSSL.__version__)'

.PHONY: lint
lint: lint-rust lint-python lint-house ## Check formatting, lints, types, stubs and the rules of the house

.PHONY: lint-rust
lint-rust: compiler
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path crates/openssl-src/Cargo.toml --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy $(RELEASE) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc $(RELEASE) --no-deps -p ironssl -p ironssl-sys
	tools/check-free-threaded $(TARGET)
	tools/deny $(TARGET) licenses bans sources

.PHONY: lint-python
lint-python: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy -p OpenSSL
	$(VENV)/bin/mypy tools fuzz tests/support tests/packaging tests/conformance tests/scale
	$(IN_VENV) -m mypy.stubtest --allowlist tools/stubtest-allowlist.txt OpenSSL

.PHONY: lint-house
lint-house: $(VENV)/requirements
	bash -n .ci/run
	for script in $(filter-out %.py %.txt,$(wildcard tools/*)); do bash -n $$script; done
	$(IN_VENV) tools/house.py
	$(IN_VENV) tools/manual_rows.py --check

# Not a part of lint: the databases of advisories are not in the registries.
AUDIT_VERSION := 2.10.1
AUDIT := $(TARGET)/tools/pip-audit-$(AUDIT_VERSION)
.PHONY: audit
audit: $(VENV)/requirements compiler ## Look for known vulnerabilities of what we build and test with (needs the open network)
	tools/deny $(TARGET) advisories
	test -x $(AUDIT)/bin/pip-audit || { $(IN_VENV) -m venv $(AUDIT); \
		$(AUDIT)/bin/pip install --quiet pip-audit==$(AUDIT_VERSION); }
	$(AUDIT)/bin/pip-audit --strict --disable-pip --no-deps --requirement tests/requirements.txt

.PHONY: docs
docs: $(VENV)/requirements ## Write docs/manual-rows.md, the table of the manual's promises and their tests
	$(IN_VENV) tools/manual_rows.py

.PHONY: fmt
fmt: $(VENV)/requirements ## Format the Rust and Python files
	$(CARGO) fmt --all
	$(CARGO) fmt --manifest-path crates/openssl-src/Cargo.toml
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml
	$(VENV)/bin/ruff check --fix-only --quiet .
	$(VENV)/bin/ruff format .

.PHONY: bench
bench: $(VENV)/installed ## Measure against pyOpenSSL, Python's ssl and plain C (ARGS: see tests/bench/README.md)
	$(IN_VENV) tests/bench/run.py --ours $(IN_VENV) $(ARGS)

# SUITE is one of the names that `--list` prints, empty all; ARGS='--update-readme' puts the table into README.md.
SUITE ?=
.PHONY: conformance
conformance: $(VENV)/installed $(SHIM)/built ## Run other projects' tests with ours and with pyOpenSSL (SUITE=name: one)
	$(IN_VENV) -m tests.conformance.run --wheel $(WHEELS)/*.whl --shim $(SHIM)/*.whl $(SUITE:%=--suite %) $(ARGS)

.PHONY: shim
shim: $(SHIM)/built ## Build the wheel that is called pyOpenSSL and requires ours, into target/shim
	@ls -l $(SHIM)/*.whl

.PHONY: wheel
wheel: $(WHEELS)/built ## Build the wheel, into target/wheel
	@ls -l $(WHEELS)/*.whl

# The first time needs the whole package; after that only the extension and the Python files are put in its place.
.PHONY: dev
dev: $(if $(wildcard $(VENV)/lib/python3*/site-packages/OpenSSL),,$(VENV)/installed) ## Rebuild the extension fast, without LTO, into the virtual environment
	@tools/dev $(TARGET) $(VENV)

.PHONY: clean
clean: ## Remove all that was built, the virtual environments included
	rm -rf target .venv .venv-system .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find python tests examples tools -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
	rm -f python/OpenSSL/*.so

.PHONY: compiler
compiler:
	@command -v cargo >/dev/null || { echo 'Rust is missing: see https://rustup.rs' >&2; exit 1; }
	@tools/need cc=build-essential perl:IPC::Cmd=perl make=make $(NEEDED_LIBRARY)

.PHONY: demo-peers
demo-peers:
	@tools/need $(DEMO_PEERS)

.PHONY: instruments
instruments: compiler
	@tools/need clang=clang clang:sanitizer/tsan_interface.h=libclang-rt-dev rustup=rustup

.PHONY: peers
peers:
	@tools/need $(PEERS)

.PHONY: FORCE
FORCE:

# Written anew only when something that steers a build has changed: a compiler, a variable, the list of the files.
$(TARGET)/settings: FORCE | compiler
	@mkdir -p $(@D)
	@{ rustc -Vv; env | grep -E '^(OPENSSL_|RUSTFLAGS=|CC=|CFLAGS=|LDFLAGS=)' || true; echo '$(SOURCES)'; } | sort >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(VENV)/interpreter: FORCE
	@tools/make-venv $(@D) $(PYTHON)

$(VENV)/requirements: tests/requirements.txt $(VENV)/interpreter
	$(IN_VENV) -m pip install --quiet --upgrade --requirement $<
	@touch $@

$(WHEELS)/built: $(SOURCES) $(TARGET)/settings $(VENV)/requirements | compiler
	@echo 'Building OpenSSL (the first time) and the extension; this takes some minutes'
	rm -rf $(WHEELS)
	$(IN_VENV) -m pip wheel --no-deps --wheel-dir $(WHEELS) .
	@touch $@

$(SHIM)/built: $(wildcard shim/*) $(VENV)/requirements
	rm -rf $(SHIM)
	$(IN_VENV) -m pip wheel --quiet --no-deps --wheel-dir $(SHIM) ./shim
	@touch $@

$(VENV)/installed: $(WHEELS)/built
	$(IN_VENV) -m pip install --quiet --no-index --no-deps --force-reinstall $(WHEELS)/*.whl
	@touch $@
