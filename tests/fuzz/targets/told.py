"""What steps of flows, flows for alerts and shops tell in words of their own.

The first line is what a shop's headers say; the rest is the body, read by each way in.
"""

from __future__ import annotations

import json

from pydantic import SecretStr

from pipeline.ingest.failing_run import failing_run
from pipeline.ingest.report import reported
from pipeline.ingest.shopify import received
from pipeline.settings import ShopifySettings
from tests.fuzz.messages import as_text, parsed
from tests.fuzz.targets.request import NOW, taken_or_refused

LONGEST = 16_384
WORDS = (
    b'"runId"', b'"flow_id"', b'"state"', b'"partial success"', b'"status": 429', b'"message"',
    b'"original_run_id"', b'"payload": {', b'"Records-In": "12"', b"1e999", b"9" * 400, b"\xf0\x9f",
    b'"\\ud800"', b'"started_at": "2026-03-02 10:00:00"', b"0001-01-01T00:00:00+14:00", b"null",
    b"x-shopify-topic: orders/create\n", b"x-shopify-webhook-id: w1\n", b"[{", b"}]", b"\n\n",
)  # fmt: skip
SHOP = ShopifySettings(tenant="acme", secret=SecretStr("s3cret"))


def seeds() -> list[bytes]:
    shop = {"x-shopify-topic": "orders/create", "x-shopify-webhook-id": "w1"}
    report = {
        "tenant": "acme", "run_id": 7, "flow_id": "orders", "state": "failed", "http_status": "503",
        "system": "netsuite", "message": "no stock, token=t0ken", "records_in": "12",
        "started_at": "2026-03-02 09:59:00", "duration_ms": 4000.5, "step": "Post order",
    }  # fmt: skip
    alert = {"tenant": "acme", "payload": {"flowRunId": 7, "flowId": 3, "error": "no stock"}}
    bodies = [report, alert, [report, alert], {"id": 1, "customer": {"email": "a@b.c"}}]
    return [as_text(shop, json.dumps(body).encode()) for body in bodies]


def check(raw: bytes) -> None:
    headers, body = parsed(raw)
    taken_or_refused(lambda: reported(body, None, NOW))
    taken_or_refused(lambda: failing_run(body, "acme", NOW))
    taken_or_refused(lambda: received(SHOP, headers, body, NOW))
