"""Stage 2: a capture's bytes -> Page record. Pure functions, no I/O."""
