"""Payload digests as WARC headers state them: ours is `sha256:…` of the unpacked content, that of most others `sha1:…` of the body as it was sent."""

import base64
import hashlib
import re

_STATED = re.compile(r"[\w.-]{1,20}:[\w+/=-]{1,200}", re.ASCII)


def digest_text(sha256: bytes) -> str:
    """A digest as our WARC headers have it."""
    return "sha256:" + base64.b32encode(sha256).decode()


def sha256_of(stated: str) -> bytes | None:
    """The digest that a WARC header states, where it is one by which the raw zone finds contents."""
    algorithm, _, value = stated.strip().partition(":")
    try:
        return base64.b32decode(value.upper()) if algorithm.lower() == "sha256" else None
    except ValueError:
        return None


def is_digest(stated: str) -> bool:
    """Whether a header's text looks like a digest, and may be written into another header."""
    return _STATED.fullmatch(stated) is not None


def digest_key(stated: str) -> bytes:
    """32 bytes for a digest as it is stated, whatever its letters' case. No content has them as its SHA-256."""
    algorithm, _, value = stated.strip().partition(":")
    return hashlib.blake2b(f"{algorithm.lower()}:{value.upper()}".encode(), digest_size=32, person=b"stated digest").digest()
