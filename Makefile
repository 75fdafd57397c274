# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

VENV := .venv
# The controller of development runs on Python 3.11 to 3.13; the first one that starts is taken. Of each version that of
# the system comes first, which is compiled with the optimisations that one of pyenv lacks.
PYTHON ?= $(shell for name in $(foreach version,3.11 3.12 3.13 3,/usr/bin/python$(version) python$(version)); do \
	$$name -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && \
	command -v $$name && break; done)

RUN_FILES := $(addprefix requirements/,core.txt run.txt lab.txt)
DEV_FILES := $(RUN_FILES) $(addprefix requirements/,test.txt dev.txt fuzz.txt)
# What an environment was made from and for: pins, and the place where it lies.
digest = $(shell { cat requirements/constraints.txt lab/pyproject.toml $(1); echo '$(CURDIR)'; } | cksum | cut -d ' ' -f 1)
RUN_READY := $(VENV)/ready-run-$(call digest,$(RUN_FILES))
DEV_READY := $(VENV)/ready-dev-$(call digest,$(DEV_FILES))
IN_VENV := $(VENV)/bin/python

ENDPOINTS ?= clean:2 german blob28 hardened policy denied

.PHONY: help venv demo test lab lint docs matrix fuzz bench powershell windows data-check release times clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo     configure a lab of simulated Windows endpoints, twice, and show which proxy wins'
	@echo 'make test     every check that CI runs'
	@echo 'make times    where the time of the last make test went'
	@echo 'make lint     the checks that only read the source'
	@echo 'make docs     the docs site, in .cache/docs-site/html'
	@echo 'make matrix   unit tests and one run with the oldest, previous, newest and next ansible-core'
	@echo 'make fuzz     feed what an endpoint may answer to the parsers, until Ctrl-C or SECONDS=N have passed'
	@echo 'make fuzz N=100000   as many further strings for each cmd.exe, which tests/fuzz/cmd_ledger.yml counts'
	@echo 'make bench    measure this collection beside its peers, and fleets of up to 5,000; writes docs/benchmarks.md'
	@echo 'make powershell  what is sent to PowerShell, in the one that MDE_POWERSHELL=/path/to/pwsh.exe names'
	@echo 'make windows  everything against the Windows machine that MDE_WINDOWS_HOST names, and a recording of it'
	@echo 'make lab      such a lab that stays up (ENDPOINTS="clean:2 german ..."), and commands to type at it'
	@echo 'make release  changelog, tag, package, checksum and provenance of the version in galaxy.yml; DRY_RUN=1 changes nothing'
	@echo 'make data-check PAGE=FILE   what a saved page of Microsoft'\''s lists otherwise than the collection'
	@echo 'make venv     the environment that all of them share, $(VENV)'
	@echo 'make clean    remove the environment and everything that was cached'

venv: $(DEV_READY)

demo: $(RUN_READY)
	@$(IN_VENV) -m tests.demo

test: $(DEV_READY)
	@$(IN_VENV) -m tests.checks

times: $(DEV_READY)
	@$(IN_VENV) -m tests.checks.times

lint: $(DEV_READY)
	@$(IN_VENV) -m tests.checks --kind lint

docs: $(DEV_READY)
	@$(IN_VENV) -m tests.checks.site

matrix: $(DEV_READY)
	@$(IN_VENV) -m tests.checks --kind matrix

fuzz: $(DEV_READY)
	@$(IN_VENV) -m tests.fuzz$(if $(N),.cmd --extend $(N) model wine wine-newer,$(if $(SECONDS), --seconds $(SECONDS)))

# It makes environments for newer Pythons, which the pip of an older one can not.
bench: $(DEV_READY)
	@$(IN_VENV) -m tests.bench

powershell: $(DEV_READY)
	@$(IN_VENV) -m tests.checks.powershell

windows: $(DEV_READY)
	@$(IN_VENV) -m tests.windows $(if $(INTO),--into '$(INTO)')

release: $(DEV_READY)
	@$(IN_VENV) -m tests.checks.release $(if $(DRY_RUN),--dry-run)

lab: $(RUN_READY)
	@$(IN_VENV) -m tests.tryout $(ENDPOINTS)

# The check ends with 1 where something differs and with 2 where it can't read the page; make says 2 for both.
data-check: $(DEV_READY)
	@$(IN_VENV) -m tests.data_check '$(PAGE)'

clean:
	rm -rf $(VENV) .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output

# A virtual environment does not survive being moved: it is made anew where the checkout is now.
define make_venv
	@test -n '$(PYTHON)' || { echo 'Python 3.11, 3.12 or 3.13 with ensurepip (on Debian: python3-venv) is needed and was not found; set PYTHON=/path/to/python3.' >&2; exit 1; }
	@test "$$(cat $(VENV)/made-for 2>/dev/null)" = '$(CURDIR)' || $(PYTHON) -m venv --clear $(VENV)
	@mkdir -p $(VENV)/collections/ansible_collections/mde
	@ln -sfn ../../../.. $(VENV)/collections/ansible_collections/mde/connectivity
	@for site in $(VENV)/lib/python3*/site-packages; do echo ../../../collections > "$$site/mde_connectivity.pth"; done
	@$(IN_VENV) -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt $(addprefix -r ,$(1))
	@echo '$(CURDIR)' > $(VENV)/made-for
	@rm -f $(VENV)/ready-*
	@touch $@
endef

$(RUN_READY): ; $(call make_venv,$(RUN_FILES))

$(DEV_READY): ; $(call make_venv,$(DEV_FILES))
	@touch $(RUN_READY)
