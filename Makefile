# The commands of the project; `make help` lists them. Each installs what it lacks (setup/) and builds what it needs.
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
PREFIX ?= /usr/local

.DEFAULT_GOAL := build
.PHONY: help build test demo bench check asan tsan fuzz install clean

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

build:  ## build the program, build/bin/polygraph, and the libraries
	@setup/install.sh build
	@$(call configure,release,build)
	@cmake --build build -j $(JOBS) --target product
	@echo "built: build/bin/polygraph"

test:  ## build everything and run all tests
	@setup/install.sh test
	@$(call configure,release,build)
	@cmake --build build -j $(JOBS)
	@ctest --preset release -j $(JOBS)

demo:  ## build, then run the main job on a small network and on a real model
	@setup/install.sh build
	@$(call configure,release,build)
	@cmake --build build -j $(JOBS) --target product examples/all
	@examples/demo.sh build

bench:  ## run the benchmarks against the peers and print ratios
	@setup/install.sh bench
	@$(call configure,release,build)
	@cmake --build build -j $(JOBS) --target product bench/all
	@bench/run.py build $(BENCH)

check:  ## formatting, clang-tidy and cppcheck; any finding fails
	@setup/install.sh check
	@$(call configure,release,build)
	@setup/check.sh build

asan:  ## all tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(call sanitized,asan)

tsan:  ## all tests under ThreadSanitizer
	@$(call sanitized,tsan)

fuzz:  ## run each fuzz target for FUZZ_SECONDS (60)
	@setup/install.sh fuzz
	@$(call configure,fuzz,build-fuzz)
	@cmake --build build-fuzz -j $(JOBS) --target fuzz/all
	@fuzz/run.sh build-fuzz $(FUZZ_SECONDS)

install: build  ## install below PREFIX (/usr/local)
	@cmake --install build --prefix $(PREFIX)

clean:  ## remove what was built; deps/ stays
	rm -rf build build-asan build-tsan build-fuzz

# $(call configure,<preset>,<folder>): once; ninja configures again by itself when a CMake file changes.
configure = test -f $(2)/build.ninja || cmake --preset $(1) || { rm -f $(2)/build.ninja; exit 1; }

# $(call sanitized,<preset>)
sanitized = setup/install.sh test && { $(call configure,$(1),build-$(1)); } && \
  cmake --build build-$(1) -j $(JOBS) && ctest --preset $(1) -j $(JOBS)
