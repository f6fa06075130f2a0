.PHONY: vectors

# The official test vectors, into .cache/mls-vectors.
vectors:
	scripts/vectors.sh
