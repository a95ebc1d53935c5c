# Reprise. `make help` lists what there is.
SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

ENTRIES  ?=
BENCH    ?= replay,sizes,intake,put
RUNS     ?= 5
LARGE    ?= 1
FROM     ?=
BREAK    ?=
KEEP     ?=
LANES    ?=
FUZZTIME ?= 3s
SEEDS    ?= 500
FIRST    ?= 0
ADDRESS  ?= 127.0.0.1:8080
DATA     ?= ./data/reprise.db

# The race detector needs a C compiler; without one the tests run without it, and say so.
RACE := $(if $(shell command -v $${CC:-cc} 2>/dev/null),-race,)
GO_FILES = $(shell git ls-files -co --exclude-standard -- '*.go')

.PHONY: help build demo run bench profile test check deps vet staticcheck fmt vuln unit slow fuzz sim mutants clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

build: ## build bin/reprise
	@go build -o bin/reprise ./cmd/reprise

demo: build ## the main job, checked entry by entry (ENTRIES=200000, FROM=file.ndjson[.gz], BREAK=drop|flip|dup|outside, LANES=4, KEEP=1)
	@bin/reprise demo $(if $(ENTRIES),--entries $(ENTRIES)) $(if $(FROM),--from '$(FROM)') $(if $(BREAK),--break $(BREAK)) $(if $(LANES),--lanes $(LANES)) $(if $(KEEP),--keep)

run: build ## serve on 127.0.0.1:8080 with ./data (ADDRESS, DATA, LANES)
	@bin/reprise serve --address '$(ADDRESS)' --data '$(DATA)' --allow-inside $(if $(LANES),--lanes $(LANES))

# Machines differ: figures are compared within one run, never with those of another.
MEASURE = bin/bench -parts '$(BENCH)' -entries $(or $(ENTRIES),1000000) -runs $(RUNS) -large=$(LARGE)

bench: build ## the figures of BENCHMARKS.md, measured anew: some 10 minutes (BENCH=replay,sizes,intake,put ENTRIES=1000000 RUNS=5 LARGE=0)
	@go build -o bin/bench ./cmd/bench
	@$(MEASURE)

profile: build ## the same with CPU and heap profiles of the service in ./profiles, for go tool pprof; BENCHMARKS.md stays as it is
	@go build -o bin/bench ./cmd/bench
	@$(MEASURE) -profile profiles

test: deps check unit fuzz ## everything: build, vet, linters, all tests, some seconds of each fuzz target
	@echo "== all passed$(if $(RACE),, (WITHOUT the race detector: no C compiler))"

check: build vet staticcheck fmt vuln ## what needs no test run

deps: ## install what the tests need beside Go, or say how
	@.ci/deps

vet:
	@echo "== go vet"
	@go vet ./...

staticcheck:
	@echo "== staticcheck"
	@go tool staticcheck ./...

fmt: ## report files that gofumpt would write otherwise
	@echo "== gofumpt"
	@found="$$(go tool gofumpt -l $(GO_FILES))"; [ -z "$$found" ] || { echo "run 'go tool gofumpt -w' on:"; echo "$$found"; exit 1; }

vuln:
	@echo "== govulncheck"
	@.ci/vuln

unit: ## all tests, with the race detector where there is a C compiler
	@echo "== go test $(RACE) ./..."
	@[ -n "$(RACE)" ] || echo "SKIPPED: the race detector, which needs a C compiler (on Debian: apt-get install gcc libc6-dev)"
	@go tool gotestsum --format pkgname-and-test-fails -- $(RACE) ./...
	@$(MAKE) -s slow

# WHOLE=1 has them do all of it; where it is not set a part must do, so that `go test ./...` stays quick.
slow: ## what takes long and wants the machine for itself, without the race detector
	@echo "== the verbs with every write failing in turn, on a file"
	@WHOLE=1 go test -run TestTheVerbs ./shared/sqlite
	@echo "== the same in memory, then 500 seeds of the simulation"
	@WHOLE=1 go test -count=1 -v ./shared/simtest -run 'TestTheVerbs|TestNothingIsLost' | grep -vE '^ *(=== |--- PASS.*/)'
	@echo "== crowds that mean no good"
	@WHOLE=1 go test -run 'TestACrowd|TestAThousand|TestBodiesThat' ./cmd/reprise
	@echo "== the process killed two hundred times"
	@WHOLE=1 go test -count=1 -run Killed -v ./shared/crashtest | grep -v '^=== '

fuzz: ## FUZZTIME (3s) of each fuzz target
	@.ci/fuzz '$(FUZZTIME)'

sim: ## SEEDS (500) simulated worlds in which everything goes wrong, from FIRST (0) on; SEEDS=1 tells that one's story
	@go test -count=1 -timeout 0 -v -run TestNothingIsLost ./shared/simtest -args -seeds '$(SEEDS)' -first '$(FIRST)' | grep -vE '^=== |^    ---'

mutants: ## apply each deliberate bug to a copy: which test catches it?
	@shared/house/mutants/run

clean: ## remove what was built
	@rm -rf bin profiles .cache
