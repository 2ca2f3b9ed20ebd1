"""Secrets taken out of whatever is written down.

A Patchworks trigger address carries a signature that does not expire. It turns up in payloads and
log messages, as a query parameter, a header or a JSON key; wherever it stands, only a mark stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import MutableMapping
from typing import Any

import msgspec

MARK = "[redacted]"

_NAME = r"patchworks(?:[_-]|%5f|%2d)signature"
_KEY = re.compile(_NAME, re.IGNORECASE)
_WITHIN_TEXT = re.compile(
    rf"""({_NAME}
          (?:[\\"'\s]|%(?:25)*(?:20|22|27|5c)){{0,64}}+         # the end of a quoted name
          (?:[=:>]|%(?:25)*(?:3a|3d|3e))                        # in an address, a header, JSON, XML
          (?:[\\"'\s=:>\[({{]|%(?:25)*(?:20|22|27|28|3[ade]|5[bc]|7b)){{0,64}}+)
         (?!redacted\]|{_NAME})[^&\s"'\\<>\])}}]+""",
    re.IGNORECASE | re.VERBOSE,
)
"""Quantifiers are bounded and never backtrack, so that no text takes long."""


def redact(raw: bytes) -> bytes:
    r"""Return the same JSON without secrets; without any, the same bytes.

    Numbers stay digit for digit as they were.

    Examples
    --------
    >>> redact(b'{"url": "https://host/hook?patchworks_signature=s3cret&x=1", "n": 1.50}')
    b'{"url":"https://host/hook?patchworks_signature=[redacted]&x=1","n":1.50}'
    >>> redact(b'{"headers": {"patchworks-signature": ["s3cret"]}}')
    b'{"headers":{"patchworks-signature":"[redacted]"}}'
    """
    lowered = raw.lower()
    # A name may be hidden behind escapes of its letters, such as \u0070atchworks.
    if b"signature" not in lowered and b"\\u00" not in lowered:
        return raw
    repeats = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeats
        repeats |= len(dict(items)) < len(items)
        return dict(items)

    document = json.loads(
        raw, object_pairs_hook=pairs, parse_int=_as_written, parse_float=_as_written
    )
    clean = _clean(document)
    # Of a repeated key only the last value was looked at, so the others must not stay.
    return raw if clean == document and not repeats else msgspec.json.encode(clean)


def redact_text(text: str) -> str:
    """Return a text without secrets.

    >>> redact_text("POST /hook?patchworks_signature=s3cret HTTP/1.1")
    'POST /hook?patchworks_signature=[redacted] HTTP/1.1'
    """
    return _WITHIN_TEXT.sub(rf"\1{MARK}", text)


def redact_log(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Take secrets out of a log line: a structlog processor.

    >>> redact_log(None, "info", {"event": "called", "patchworks_signature": "s3cret"})
    {'event': 'called', 'patchworks_signature': '[redacted]'}
    """
    event.update(_clean(dict(event)))
    return event


def _as_written(number: str) -> msgspec.Raw:
    return msgspec.Raw(number.encode())


def _clean(node: Any) -> Any:
    if isinstance(node, dict):
        named = any(map(_is_name, node.values()))  # {"name": "patchworks_signature", "value": …}
        return {
            _clean(key): MARK
            if _KEY.search(str(key)) or (named and str(key).lower() == "value")
            else _clean(value)
            for key, value in node.items()
        }
    if isinstance(node, list):  # a name may stand before its value
        before = [None, *node]
        return [
            MARK if _is_name(name) else _clean(each)
            for name, each in zip(before, node, strict=False)
        ]
    return redact_text(node) if isinstance(node, str) else node


def _is_name(node: object) -> bool:
    return isinstance(node, str) and _KEY.fullmatch(node) is not None
