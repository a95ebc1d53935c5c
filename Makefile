# Reprise. `make help` lists what there is.
ifneq ($(filter 1.% 2.% 3.%,$(MAKE_VERSION)),)
$(error GNU make 4 or later is needed, and this is $(MAKE_VERSION), which would run on behind a command that failed; on macOS: brew install make, then PATH="$$(brew --prefix make)/libexec/gnubin:$$PATH")
endif
.NOTPARALLEL:
SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

ENTRIES  ?=
BENCH    ?= replay,sizes,intake,put
RUNS     ?= 5
LARGE    ?= 1
FROM     ?=
BREAK    ?=
FORMAT   ?=
KEEP     ?=
API      ?=
LANES    ?=
OPEN     ?=
FUZZTIME ?= 3s
SEEDS    ?= 500
FIRST    ?= 0
ADDRESS  ?= 127.0.0.1:8080
DATA     ?= ./data/reprise.db
ENV      ?= dev
F        ?= deliver
E        ?=
PORT     ?= 3000

# How many packages are tested at a time: half of what they do is waiting, for servers and processes.
PACKAGES = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# The race detector needs a C compiler; without one the tests run without it, and say so.
RACE := $(if $(shell command -v $${CC:-cc} 2>/dev/null),-race,)
GO_FILES = $(shell git ls-files -co --exclude-standard -- '*.go')

# How the functions are compiled, wherever that is done. Without cgo, because a dynamic bootstrap does not start on AWS's image;
# without what Lambda no longer calls (net/rpc), paths, symbols and the commit, so that the same code is the same program. A deploy
# has the commit: receivers see it in User-Agent (docs/contract.md §4), and operators in what runs.
LAMBDA = CGO_ENABLED=0 GOFLAGS='-tags=lambda.norpc -trimpath -buildvcs=$(STAMP) -ldflags=-s'
STAMP  = false
deploy: STAMP = auto
PARTS  = $(if $(filter Darwin,$(shell uname)),$(HOME)/Library/Caches,$(or $(XDG_CACHE_HOME),$(HOME)/.cache))/reprise/parts
SAM    = $(firstword $(wildcard $(PARTS)/$(shell sed -n 's/^SAM=//p' .ci/parts)/bin/sam) $(shell command -v sam 2>/dev/null))
# What sam local and the tests can run here; what is deployed is template.yaml's Architecture.
HERE   = $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
NO_SAM = AWS SAM is not here: make deps installs it, or pip install 'aws-sam-cli==$(shell sed -n 's/^SAM=aws-sam-cli-//p' .ci/parts)'
export SAM_CLI_TELEMETRY = 0

.PHONY: help build bin/reprise functions lambda-env deploy logs local invoke demo page run bench profile test check deps vet staticcheck fmt vuln unit slow fuzz sim mutants clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

build: bin/reprise functions ## build bin/reprise, and the functions for this machine

bin/reprise:
	@[ -e bin/reprise ] || echo 'building bin/reprise, which takes a minute the first time' >&2
	@go build -o bin/reprise ./cmd/reprise

# Always anew: with one go.mod at the root, SAM's own cache does not see a change in shared/.
functions: ## build the functions as they are deployed, but for this machine's architecture, into .aws-sam/build
	@if [ -z '$(SAM)' ]; then echo "SKIPPED: the functions. $(NO_SAM)"; [ "$${CI:-}" != true ]; else \
	  said="$$($(LAMBDA) '$(SAM)' build --parameter-overrides Architecture=$(HERE) 2>&1)" || { echo "$$said"; exit 1; }; fi

lambda-env: # for the tests
	@printf '%s\n' $(LAMBDA)

# SAM looks for samconfig.toml beside the template: what was built has none.
deploy: ## build the functions and deploy the stack of samconfig.toml's ENV (dev, prod); asks nothing
	@[ -n '$(SAM)' ] || { echo "$(NO_SAM)"; exit 1; }
	@$(LAMBDA) '$(SAM)' build --config-env '$(ENV)' --build-dir .aws-sam/deploy
	@'$(SAM)' deploy --config-file '$(CURDIR)/samconfig.toml' --config-env '$(ENV)' --template-file .aws-sam/deploy/template.yaml

local: ## the stack of template.yaml on this machine, its API on PORT (3000): sam local start-api where there is Docker, DynamoDB Local, ElasticMQ
	@go build -o bin/stack ./cmd/stack
	@bin/stack -port '$(PORT)' -tokens .cache/local.env

# The function's name in the template: deliver is Deliver, put-replay-job PutReplayJob.
logs: ## follow the log of a function (F=deliver, a folder of functions/) of ENV's stack
	@[ -n '$(SAM)' ] || { echo "$(NO_SAM)"; exit 1; }
	@'$(SAM)' logs --config-env '$(ENV)' --tail --name "$$(awk -F- '{ for (i = 1; i <= NF; i++) printf toupper(substr($$i, 1, 1)) substr($$i, 2) }' <<<'$(F)')"

invoke: ## what a built function makes of a sample of events/, in a container (F=put-replay-job E=put-accepted)
	@go build -o bin/invoke ./cmd/invoke
	@bin/invoke '$(F)' '$(E)'

# Where the environment has no token, that of `make local` is taken, if API is what runs there: nobody else's API is shown it.
TOKENS = if [ -z "$${REPRISE_ADMIN_TOKEN:-}" ] && grep -qsxF 'REPRISE_API=$(API:/=)' .cache/local.env; then set -a; . ./.cache/local.env; set +a; fi;

demo: bin/reprise ## the main job, checked entry by entry, signatures by openssl, too (ENTRIES=200000, FROM=file.ndjson[.gz], FORMAT=json|cef|cps, BREAK=drop|flip|dup|outside, LANES=4, KEEP=1, API=http://127.0.0.1:3000)
	@$(if $(API),$(TOKENS)) bin/reprise demo $(if $(API),--api '$(API)') $(if $(ENTRIES),--entries $(ENTRIES)) $(if $(FROM),--from '$(FROM)') $(if $(FORMAT),--format $(FORMAT)) $(if $(BREAK),--break $(BREAK)) $(if $(LANES),--lanes $(LANES)) $(if $(KEEP),--keep)

page: bin/reprise ## the page with demo data, in a browser if there is one, until Ctrl-C (ENTRIES=200000, LANES=4, OPEN=no)
	@bin/reprise demo --page $(if $(ENTRIES),--entries $(ENTRIES)) $(if $(LANES),--lanes $(LANES)) $(if $(filter no,$(OPEN)),--no-browser)

run: bin/reprise ## serve on 127.0.0.1:8080 with ./data; webhooks may be http and on this machine: for trying things out (ADDRESS, DATA, LANES)
	@bin/reprise serve --address '$(ADDRESS)' --data '$(DATA)' --allow-inside $(if $(LANES),--lanes $(LANES))

# Machines differ: figures are compared within one run, never with those of another.
MEASURE = bin/bench -parts '$(BENCH)' -entries $(or $(ENTRIES),1000000) -runs $(RUNS) -large=$(LARGE)

bench: bin/reprise ## the figures of BENCHMARKS.md, measured anew: some 10 minutes (BENCH=replay,sizes,intake,put ENTRIES=1000000 RUNS=5 LARGE=0)
	@go build -o bin/bench ./cmd/bench
	@$(MEASURE)

profile: bin/reprise ## the same with CPU and heap profiles of the service in ./profiles, for go tool pprof; BENCHMARKS.md stays as it is
	@go build -o bin/bench ./cmd/bench
	@$(MEASURE) -profile profiles

test: deps check unit fuzz ## everything: build, vet, linters, all tests, some seconds of each fuzz target
	@.ci/backends
	@.ci/contract
	@.ci/summary
	@.ci/secrets
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

# The contract on ElasticMQ waits for real minutes (deduplication, visibility) and hardly computes: it does so from the beginning.
# It is the test program itself, not a go test around it, so that what ends this ends it, and with it its server.
unit: ## all tests, with the race detector where there is a C compiler
	@echo "== go test $(RACE) ./..."
	@[ -n "$(RACE)" ] || echo "SKIPPED: the race detector, which needs a C compiler (on Debian: apt-get install gcc libc6-dev)"
	@rm -rf .cache/tests; mkdir -p .cache/tests
	@go test -c -o .cache/sqs.test ./shared/sqs; \
	(cd shared/sqs; WHOLE=1 exec ../../.cache/sqs.test -test.v -test.timeout 25m -test.run Contract) >.cache/queue.log 2>&1 & queue=$$!; trap 'kill $$queue 2>/dev/null || :' EXIT; \
	go tool gotestsum --format pkgname-and-test-fails --jsonfile .cache/tests/all.json -- $(RACE) -p $(PACKAGES) -timeout 25m ./...; \
	$(MAKE) -s slow; \
	echo "== the queue's contract on ElasticMQ, begun beside all that"; \
	wait $$queue && ! grep -q 'no tests to run' .cache/queue.log || { grep -vE '^ *=== ' .cache/queue.log; exit 1; }; \
	go tool test2json -p reprise/shared/sqs <.cache/queue.log >.cache/tests/queue.json; \
	grep -E '^---|SKIPPED' .cache/queue.log

# What a part of must do in `go test ./...`, so that it stays quick.
slow: ## what takes long and wants the machine for itself, without the race detector
	@echo "== the verbs with every write failing in turn, on a file"
	@.ci/whole -run TestTheVerbs ./shared/sqlite
	@echo "== a whole replay on DynamoDB Local, with every write failing in turn, above the SDK or below it"
	@.ci/whole -run 'TestTheVerbs.*/every_entry_arrives(,|$$)' ./shared/dynamo
	@echo "== the same in memory, then 500 seeds of the simulation"
	@.ci/whole -v -run 'TestTheVerbs|TestNothingIsLost' ./shared/simtest
	@echo "== crowds that mean no good"
	@.ci/whole -run 'TestACrowd|TestAThousand|TestBodiesThat' ./cmd/reprise
	@echo "== the README's first walk, on its ports, with the page in Chromium"
	@.ci/whole -v -run TheReadmesFirstWalk ./shared/console
	@echo "== a change in shared/ reaches every function"
	@.ci/whole -run TestAChangeInShared ./shared/stack
	@echo "== what a replay of a million entries costs on AWS"
	@.ci/whole -v -run Costs ./shared/lambdatest
	@echo "== the process killed two hundred times"
	@.ci/whole -v -run Killed ./shared/crashtest
	@echo "== the functions in AWS's emulator: 20,000 entries the whole way, fifty kills; then in SAM's containers: every sample, a replay"
	@.ci/whole -v -run 'TheWholeWay|NothingIsLost|SAM' ./shared/lambdatest

fuzz: ## FUZZTIME (3s) of each fuzz target
	@.ci/fuzz '$(FUZZTIME)'

sim: ## SEEDS (500) simulated worlds in which everything goes wrong, from FIRST (0) on; SEEDS=1 tells that one's story
	@go test -count=1 -timeout 0 -v -run TestNothingIsLost ./shared/simtest -args -seeds '$(SEEDS)' -first '$(FIRST)' | grep -vE '^=== |^    ---'

mutants: ## apply each deliberate bug to a copy: which test catches it?
	@shared/house/mutants/run

clean: ## remove what was built
	@rm -rf bin profiles .cache .aws-sam
