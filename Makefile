# `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help run test schemas bench faults mutants

deny := target/tools/bin/cargo-deny --locked

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

run: ## install what is missing, build, and start everything with made-up people
	@bash deploy/setup.sh
	cargo run --locked --bin livline -- up --demo

test: ## all that CI runs: format, clippy, tests, dependencies
	@bash deploy/setup.sh test
	@echo "== format"
	cargo fmt --all --check
	@echo "== clippy"
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@echo "== tests"
	cargo test --locked --workspace
	@echo "== dependencies"
	$(deny) check bans licenses sources
	@if timeout 60 $(deny) fetch db >target/advisories.log 2>&1; \
	then echo "== advisories"; $(deny) --offline check advisories; \
	else echo "== advisories: not checked, their database cannot be reached (target/advisories.log)"; fi

schemas: ## write schemas/ again after facts or events have changed
	cargo run --locked --bin livline -- schemas schemas

bench: ## measure on this machine, into target/bench.json (BENCH="services search" measures these parts alone)
	cargo run --locked --release -p livline-tests --bin bench -- $(BENCH)

faults: ## 200 faults under 100,000 commands, and what must hold in the end (FAULTS="--seed N …" replays)
	cargo build --locked --release -p livline-tests --bin program
	cargo run --locked --release -p livline-tests --bin faults -- $(or $(FAULTS),--faults 200 --commands 100000)

mutants: ## break the code on purpose, and see the fault checker and the tests catch it
	python3 tests/mutants.py
