# The menu. Each target installs what it needs by itself; see README.md.
# The last command of a recipe is an `exec`, so that a signal to make reaches the program (docs/decisions).
.POSIX:
.DEFAULT_GOAL := help
.PHONY: help run test test-system bench lighthouse check audit clean format migrations

help:
	@echo 'make run         start everything here: site, Postfix, worker (root; SMTP=embedded: no root, no Postfix)'
	@echo '                 HTTP_PORT=8000 SMTP_PORT=2525 DATA_DIR=var DATABASE_URL=postgres://... are honoured'
	@echo 'make check       format, lint, types, contracts and the tests that need no servers: under a minute, no root'
	@echo 'make test        every check and every test, with servers of its own (root)'
	@echo 'make test-system install whole servers, clusters and images in name spaces, and test them (root; 20 minutes)'
	@echo 'make bench       measure the mail path beside its peers (root); ONLY=pipe a part of it; var/bench/results.json'
	@echo 'make lighthouse  Lighthouse (npm, Chromium) on home, inbox and message: 95 of 100, or it fails'
	@echo 'make audit       bandit over the code, pip-audit over the packages: docs/audit.md'
	@echo 'make clean       remove DATA_DIR and what belongs to it'
	@echo 'make format      format the code'
	@echo 'make migrations  write migrations for changed models'

run:
	@deploy/local/bootstrap.sh run
	@exec .venv/bin/python -B -m deploy.local.run

test:
	@deploy/local/bootstrap.sh test
	@exec .venv/bin/python -B -m tests.run_all

test-system:
	@deploy/local/bootstrap.sh test-system
	@exec .venv/bin/python -B -m tests.run_all system

bench:
	@deploy/local/bootstrap.sh bench
	@exec .venv/bin/python -B -m tests.benchmarks

lighthouse:
	@deploy/local/bootstrap.sh lighthouse
	@exec .venv/bin/python -B -m tests.lighthouse

check:
	@deploy/local/bootstrap.sh check
	@exec .venv/bin/python -m tests.run_all check

audit:
	@deploy/local/bootstrap.sh check
	@exec .venv/bin/python -B -m tests.audit

clean:
	@exec python3 -B -m deploy.local.clean

format:
	@deploy/local/bootstrap.sh check
	@.venv/bin/ruff format .
	@exec .venv/bin/ruff check --fix .

migrations:
	@deploy/local/bootstrap.sh check
	@exec .venv/bin/python manage.py makemigrations --settings tests.settings
