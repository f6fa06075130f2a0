# What there is to run. `make demo` shows what the library does; `make test` is what every change has to pass. Both need
# Rust and a C compiler; one of the libraries that `make test` lets conclave talk to needs OpenSSL or, to build that along, Perl.

.PHONY: demo test test-c test-languages bench-bindings install dist size test-interop test-large simulate touches bench bench-all bench-memory bench-peers bench-peers-memory plots bench-border bench-quick vectors lint lint-peers doc

CARGO ?= cargo

# With OpenSSL here, the interop package need not build it along, which takes 160 s of a core. 0 has it built all the same.
ifndef OPENSSL_NO_VENDOR
ifeq ($(shell pkg-config --exists 'openssl >= 3' 2>/dev/null && echo here),here)
export OPENSSL_NO_VENDOR := 1
endif
endif

demo:
	@CARGO="$(CARGO)" scripts/need.sh cargo cc
	@CARGO="$(CARGO)" scripts/demo.sh

test:
	@CARGO="$(CARGO)" scripts/test.sh

# The C library, installed into a scratch folder: examples and tests in C and C++ with gcc and clang, through pkg-config and CMake.
test-c:
	@CARGO="$(CARGO)" scripts/test-c.sh

# The packages for Python, Kotlin and Swift, and two processes of different languages on one store.
test-languages:
	@CARGO="$(CARGO)" scripts/test-languages.sh

# Builds and installs the C library: make install PREFIX=/usr/local [LIBDIR=lib] [DESTDIR=]; docs/embedding.md has more.
install:
	@CARGO="$(CARGO)" PROFILE="$(PROFILE)" PREFIX="$(PREFIX)" LIBDIR="$(LIBDIR)" DESTDIR="$(DESTDIR)" scripts/install.sh

# The same as an archive that can be unpacked anywhere, in dist/.
dist:
	@CARGO="$(CARGO)" scripts/dist.sh

# How large the C library is and how much it exports, beside docs/size.toml; WRITE=1 writes that.
size:
	@CARGO="$(CARGO)" WRITE="$(WRITE)" scripts/size.sh

# Random scripts of groups whose members run on conclave, OpenMLS and mls-rs: 200 with each, of 40 steps.
test-interop:
	@$(CARGO) run --quiet --package conclave-interop

# What operations touch in a group of 100 000, held to the budgets.
test-large:
	@CONCLAVE_LARGE=1 $(CARGO) test --release --test budget

# The same, written into docs/touches.md.
touches:
	@CONCLAVE_LARGE=1 CONCLAVE_TOUCHES=docs/touches.md $(CARGO) test --release --test budget

# The randomised simulation, for longer than `make test` does: so many scenarios, from another seed each time.
simulate:
	@CONCLAVE_SCENARIOS=$${CONCLAVE_SCENARIOS:-10000} CONCLAVE_SEED=$${CONCLAVE_SEED:-$$(date +%s)} \
		$(CARGO) test --all-features --test simulation -- --nocapture

# How long operations take, beside the floor of the primitives; the table is printed at the end. benches/src/compare.rs says how to
# choose among them; `make bench-all` is with every kind of storage and up to 100 000 members.
bench:
	@$(CARGO) run --quiet --release --package conclave-benches --bin operations

bench-all:
	@$(CARGO) run --quiet --release --package conclave-benches --bin operations all

# Peak memory of fresh processes that open a group and decrypt a message, or join it, and how long a join is silent.
bench-memory:
	@$(CARGO) run --quiet --release --package conclave-benches --bin fresh

# Draws docs/img/ of what `make bench` or `make bench-all` measured last.
plots:
	@scripts/plot.py target/bench/operations.csv

# The operations of conclave, OpenMLS and mls-rs in turns, up to 10 000 members; the libraries come from crates.io.
bench-peers:
	@mkdir -p target/bench
	@CONCLAVE_BENCH_CSV=$${CONCLAVE_BENCH_CSV:-target/bench/peers.csv} \
		$(CARGO) run --quiet --release --manifest-path benches/peers/Cargo.toml --bin operations

# The same for fresh processes.
bench-peers-memory:
	@$(CARGO) run --quiet --release --manifest-path benches/peers/Cargo.toml --bin fresh

# What a call from C costs beside the same call from Rust.
bench-border:
	@$(CARGO) bench --package conclave-benches --bench border

# What calls cost from Python, Kotlin and Swift beside Rust, and joining a group of MEMBERS through their stores.
bench-bindings:
	@CARGO="$(CARGO)" MEMBERS="$(MEMBERS)" scripts/bench-bindings.sh

# The operations in about a minute, with fewer rounds.
bench-quick:
	@CONCLAVE_BENCH_QUICK=1 $(CARGO) run --quiet --release --package conclave-benches --bin operations

# Fetches the official test vectors of the MLS working group into .cache/mls-vectors.
vectors:
	@scripts/vectors.sh

# UniFFI's generator apart, in the profile in which it is built: beside the others it would get into the library of all of them.
lint:
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --quiet --workspace --exclude conclave-bindgen --all-targets --all-features -- --deny warnings
	@$(CARGO) clippy --quiet --package conclave-bindgen --profile tools --all-targets -- --deny warnings
	@$(CARGO) clippy --quiet --package conclave-mls --lib -- --deny warnings

# The same for benches/peers, which is a workspace of its own.
lint-peers:
	@$(CARGO) fmt --manifest-path benches/peers/Cargo.toml --check
	@$(CARGO) clippy --quiet --manifest-path benches/peers/Cargo.toml --all-targets -- --deny warnings

doc:
	@RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps
