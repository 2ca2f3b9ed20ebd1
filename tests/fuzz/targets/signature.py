"""Who may post: tokens, and Standard Webhooks signatures checked against arithmetic of our own.

``NOW`` in an input stands for the present second, and ``SIGNED`` for a good signature over its
other parts, so that an input is worth the same tomorrow.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping

from pipeline.ingest.auth import Authenticator
from pipeline.ingest.problems import UnauthorizedError
from pipeline.settings import IngestSettings
from tests.fuzz.messages import as_text, parsed

KEY = b"k" * 32
TOKEN = "t0ken"
GUARD = Authenticator(
    IngestSettings.model_validate(
        {
            "signing_secrets": {"shop": "whsec_" + b64encode(KEY).decode()},
            "tokens": {"erp": TOKEN},
        }
    )
)
WORDS = (
    b"SIGNED", b"NOW", b"v1,", b"v1", b",", b" ", b"v1a,", b"Bearer t0ken", b"bearer", b"1e999",
    b"nan", b"\n\n", b"webhook-id: msg_1\n", b"webhook-signature: SIGNED\n", b"AAAA", b"=", b"\xe9",
    b"webhook-timestamp: NOW\n", b"authorization: Bearer t0ken\n", b"-1", b"NOW.5", b"9" * 30,
)  # fmt: skip


def seeds() -> list[bytes]:
    signed = {"webhook-id": "msg_1", "webhook-timestamp": "NOW", "webhook-signature": "SIGNED"}
    return [
        as_text(signed, b'{"id": 1}'),
        as_text({**signed, "webhook-signature": "v1,AAAA SIGNED v1a,x"}, b"[]"),
        as_text({**signed, "webhook-timestamp": "1700000000"}, b"[]"),
        as_text({**signed, "webhook-timestamp": "NOW.75"}, b"[]"),
        as_text({"authorization": f"Bearer {TOKEN}"}, b"{}"),
        as_text({"authorization": "Basic dXNlcjpwYXNz"}, b"{}"),
        as_text({}, b"{}"),
    ]


def check(raw: bytes) -> None:
    now = str(int(time.time()))
    headers, body = parsed(raw)
    headers = {name: value.replace("NOW", now) for name, value in headers.items()}
    shown = headers.get("webhook-signature", "")
    headers["webhook-signature"] = shown.replace("SIGNED", _signature(headers, body))
    if not headers["webhook-signature"]:
        del headers["webhook-signature"]
    try:
        sender = GUARD.check(headers, body, "192.0.2.1")
    except UnauthorizedError as refused:
        assert TOKEN not in str(refused)
        assert not _good(headers, body, int(now)), "a good signature is refused"
    else:
        if sender == "shop":
            assert _fits(headers, body, int(now)), "a signature that does not fit is let in"
        else:
            assert headers["authorization"].split()[-1] == TOKEN


def _signature(headers: Mapping[str, str], body: bytes) -> str:
    at = headers.get("webhook-timestamp", "").partition(".")[0]
    signed = f"{headers.get('webhook-id', '')}.{at}.".encode() + body
    return "v1," + b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()


def _fits(headers: Mapping[str, str], body: bytes, now: int) -> bool:
    at = float(headers["webhook-timestamp"])
    wanted = _signature({**headers, "webhook-timestamp": str(int(at // 1))}, body)
    shown = headers["webhook-signature"].split(" ")
    same = any(_same(one, wanted) for one in shown if one.startswith("v1,"))
    return bool(headers["webhook-id"]) and abs(at - now) <= 302 and same


def _same(one: str, wanted: str) -> bool:
    """As bytes: base64 of the same bytes can be written in several ways."""
    try:
        return b64decode(one.removeprefix("v1,")) == b64decode(wanted.removeprefix("v1,"))
    except ValueError:
        return False


def _good(headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """Whether it is written as the specification has it, and fits."""
    plain = headers.get("webhook-timestamp", "") == str(now) and headers.get("webhook-id")
    text = body.decode("utf-8", "replace").encode() == body
    return bool(plain and text and headers.get("webhook-signature") == _signature(headers, body))
