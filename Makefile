# Needs a Rust toolchain, nothing else.

.PHONY: test-large touches bench bench-quick

# What operations touch in a group of 100 000, held to the budgets.
test-large:
	CONCLAVE_LARGE=1 cargo test --release --test budget

# The same, written into docs/touches.md.
touches:
	CONCLAVE_LARGE=1 CONCLAVE_TOUCHES=docs/touches.md cargo test --release --test budget

# How long operations take, beside the floor of the primitives; the table is printed at the end.
bench:
	cargo bench -p conclave-benches

# The same in under two minutes, with fewer repetitions.
bench-quick:
	CONCLAVE_BENCH_QUICK=1 cargo bench -p conclave-benches
