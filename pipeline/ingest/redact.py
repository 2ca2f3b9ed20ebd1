"""Secrets taken out of whatever is written down.

A Patchworks trigger address carries a signature that does not expire. It turns up in log messages
and payloads, as a query parameter, a header or a JSON key; wherever it stands, only a mark stays.
"""

from __future__ import annotations

import re

_SIGNATURE = re.compile(
    rb"""(?P<name>patchworks[_-]signature)     # parameter, header or key
         (?P<between>(?:=|%3[dD]|\\?["']?\s*[:=]\s*\\?["']?))
         (?P<secret>[^&\s"'\\,;}\]<>]+)""",
    re.IGNORECASE | re.VERBOSE,
)

MARK = b"[redacted]"


def redact(raw: bytes) -> bytes:
    r"""Return the same bytes without secrets.

    Examples
    --------
    >>> redact(b'{"url": "https://host/hook?patchworks_signature=s3cret&x=1"}')
    b'{"url": "https://host/hook?patchworks_signature=[redacted]&x=1"}'
    >>> redact(b'{"patchworks-signature": "s3cret"}')
    b'{"patchworks-signature": "[redacted]"}'
    """
    if b"ignature" not in raw and b"IGNATURE" not in raw:
        return raw
    return _SIGNATURE.sub(rb"\g<name>\g<between>" + MARK, raw)
