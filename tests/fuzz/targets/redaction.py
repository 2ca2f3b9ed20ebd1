"""Secrets planted in every way they are known to come, amid whatever the input is: none stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from pipeline.ingest.redact import redact, redact_log, redact_text
from schemas.errors import ContractError
from schemas.syntax import parse, repeats_a_key
from tests.fuzz import seeds as known

SECRET = "5ec2e7c0de"
LONGEST = 32_768
WORDS = (
    b"patchworks_signature", b"Patchworks-Signature", b"patchworks%5Fsignature", b"signature=",
    b"\\u0070atchworks_signature", b'"value"', b'"name"', b"=", b":", b"%3D", b"[redacted]", b"&",
    b"patchworks", b"\\", b"%25", b"%22",
)  # fmt: skip

PLANTS: tuple[Callable[[str, Any], Any], ...] = (
    lambda text, _: f"{text} https://h/k?a=1&patchworks_signature={SECRET}&b=2 {text}",
    lambda text, _: f"{text} Patchworks-Signature: {SECRET}\r\n{text}",
    lambda text, _: text + " " + json.dumps({"patchworks_signature": SECRET, "text": text}),
    lambda text, _: quote(f"{text}?patchworks_signature={SECRET}&x"),
    lambda _, node: {"patchworks_signature": SECRET, "more": node},
    lambda _, node: {"Patchworks-Signature": [SECRET, node]},
    lambda _, node: [node, {"name": "patchworks_signature", "value": SECRET}],
    lambda _, node: ["patchworks_signature", SECRET, node],
    lambda text, node: {f"{text} patchworks_signature={SECRET}": node},
)


def seeds() -> list[bytes]:
    texts = ["GET /hook failed", "a&b=c", '{"a": "b"}', "patchworks_signature=", "é%20", ""]
    return known.examples() + [json.dumps(text).encode() for text in texts]


def check(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace").replace(SECRET, "")
    raw = text.encode()
    assert SECRET not in redact_text(f"{text} patchworks_signature={SECRET}")
    try:
        node, repeats = parse(raw), repeats_a_key(raw)
    except ContractError:
        node, repeats = text, False
    for plant in PLANTS:
        planted = plant(text, node)
        clean = redact(json.dumps(planted).encode())
        assert SECRET not in str(json.loads(clean)), f"kept in {clean!r}"
        assert SECRET not in str(redact_log(None, "info", {"event": planted}))
    if b"signature" not in raw.lower() and not repeats and node is not text:
        assert redact(raw) == raw, "what holds no secret does not stay as it is"
