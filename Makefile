# What there is to run. `make demo` shows what the library does; `make test` is what every change has to pass.
# Rust and a C compiler are enough for both: rust-toolchain components that are missing are said to be.

.PHONY: demo test test-large bench vectors lint doc

# Two cores are the smallest machine this is meant for; more are used when they are there.
CARGO ?= cargo

demo:
	@$(CARGO) run --quiet --package conclave-examples --bin demo

test:
	@CARGO="$(CARGO)" scripts/test.sh

# Groups of up to 100 000 members, in release mode: minutes, not seconds.
test-large:
	@CONCLAVE_LARGE=1 $(CARGO) test --release --workspace --all-features large -- --nocapture

bench:
	@$(CARGO) bench --workspace --benches

# Fetches the official test vectors of the MLS working group into .cache/mls-vectors.
vectors:
	@scripts/vectors.sh

lint:
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --quiet --workspace --all-targets --all-features -- --deny warnings

doc:
	@RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps
