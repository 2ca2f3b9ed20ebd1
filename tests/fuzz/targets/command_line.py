"""What a person types: a scope and two times, one a line.

Taken, or refused as wrong usage; what is taken, the engine can be told.
"""

from __future__ import annotations

from contextlib import suppress

import typer
from pydantic import ValidationError

from pipeline.cli.tell import instant_of, scope_of
from schemas.events import Annotation

WORDS = (
    b"acme:orders-*", b"acme:*", b":", b"*", b"now", b"2026-11-27T08:00", b"2026-11-27", b"+14:00",
    b"0001-01-01", b"9999-12-31T23:59:59", b"2026-W48-5", b"20261127T080000",
    b"1e999", b"nan", b"-1", b"\n", b"\xd9\xa1", b"-00:00", b"24:00",
)  # fmt: skip


def seeds() -> list[bytes]:
    return [
        b"acme:orders-*\n2026-11-27T08:00\nnow",
        b"acme:*\n2026-11-27\n2026-11-28T00:00+01:00",
        b"a\n\n",
    ]


def check(raw: bytes) -> None:
    lines = [*raw.decode("utf-8", "replace").split("\n"), "", ""]
    with suppress(typer.BadParameter, ValidationError):
        _, scope = scope_of("--scope", lines[0])
        stretch = {
            "from": instant_of("--from", lines[1], "Europe/London"),
            "to": instant_of("--to", lines[2], "Europe/London"),
        }
        Annotation.model_validate({"kind": "maintenance", "scope": scope} | stretch)
