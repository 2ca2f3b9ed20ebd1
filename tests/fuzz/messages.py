"""Requests as text to mutate: a line a header, an empty line, and the body."""

from __future__ import annotations

from collections.abc import Mapping


def as_text(headers: Mapping[str, str], body: bytes) -> bytes:
    """Write a request down."""
    lines = "".join(f"{name}: {value}\n" for name, value in headers.items())
    return lines.encode() + b"\n" + body


def parsed(raw: bytes) -> tuple[dict[str, str], bytes]:
    """Read a request as a server hands it on: names in lower case, values of Latin-1.

    Lines that no server would let through are left out.
    """
    head, _, body = raw.partition(b"\n\n")
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.isascii() and name.replace("-", "").isalnum():
            headers[name.lower()] = value.strip()
    return headers, body
