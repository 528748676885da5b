"""Deterministic identifiers: SHA-256 prefixes over what identifies the thing.

The same thing gets the same id on every machine and in every run, so a rerun gives the same rows.
"""

import hashlib

ID_LENGTH = 20  # hex digits = 80 bits: one collision expected near 10^12 ids of a kind


def content_sha256(data: bytes) -> str:
    """Full SHA-256 of a page's bytes, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def make_id(kind: str, *parts: str | int | None) -> str:
    """Id of a `kind` of thing identified by `parts`, 20 hex digits.

    Parts are length-prefixed, so that ("ab", "c") and ("a", "bc") differ, and None differs from "".
    """
    digest = hashlib.sha256()
    for part in (kind, *parts):
        if part is None:
            digest.update(b"-;")
        else:
            # A lone surrogate in broken text must not stop the run; it still identifies.
            encoded = str(part).encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % len(encoded) + encoded + b";")
    return digest.hexdigest()[:ID_LENGTH]
