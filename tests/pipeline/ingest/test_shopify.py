"""Webhooks of a shop, signed as Shopify signs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from pipeline.engine.engine import Engine
from pipeline.settings import EngineSettings
from tests.make import batch
from tests.pipeline.ingest.edge import Edge, serve

SECRET = "hush"
SHOPS = {"main": {"tenant": "acme", "secret": SECRET}}
ORDER = json.dumps({"id": 450789469, "name": "#1001", "email": "jo@example.com"}).encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


async def post(edge: Edge, body: bytes = ORDER, shop: str = "main", **headers: str) -> Any:
    sent = {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Webhook-Id": "delivery-1",
        "X-Shopify-Event-Id": "event-1",
        "X-Shopify-Shop-Domain": "acme.myshopify.com",
        "X-Shopify-Triggered-At": "2026-03-02T09:59:59.877041743Z",
        "X-Shopify-Hmac-Sha256": signature(body),
    }
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value.encode("latin-1") for name, value in sent.items() if value}
    return await edge.client.post(f"/v1/webhooks/shopify/{shop}", content=body, headers=kept)


async def test_a_signed_webhook_becomes_an_event():
    async with serve(shopify=SHOPS) as edge:
        answer: httpx.Response = await post(edge)
        [event] = edge.log.events
    assert answer.status_code == 202
    assert (event["type"], event["tenant"]) == ("cogent.webhook.received", "acme")
    assert event["time"] == "2026-03-02T09:59:59.877041Z"
    assert event["data"] == {
        "system": "shopify",
        "topic": "orders/create",
        "delivery_id": "delivery-1",
        "event_id": "event-1",
        "shop": "acme.myshopify.com",
        "key": "450789469",
        "triggered_at": "2026-03-02T09:59:59.877041Z",
        "bytes": len(ORDER),
    }


async def test_nothing_of_a_customer_is_kept():
    async with serve(shopify=SHOPS) as edge:
        await post(edge)
        assert b"jo@example.com" not in edge.log.entries[0].value


@pytest.mark.parametrize(
    "wrong", [signature(ORDER, "other"), signature(b"{}"), "", "é", "not base64"]
)
async def test_a_wrong_signature_is_refused(wrong: str):
    async with serve(shopify=SHOPS) as edge:
        answer = await post(edge, X_Shopify_Hmac_Sha256=wrong)
        assert answer.status_code == 401
        assert edge.log.entries == []
        assert SECRET not in answer.text


async def test_an_unknown_shop_is_refused_in_the_same_words():
    async with serve(shopify=SHOPS) as edge:
        unknown = await post(edge, shop="other")
        wrong = await post(edge, X_Shopify_Hmac_Sha256="AAAA")
        empty = await post(edge, shop="other", X_Shopify_Hmac_Sha256=signature(ORDER, ""))
    assert unknown.content == wrong.content == empty.content


async def test_a_delivery_repeated_is_one_event_for_the_engine():
    async with serve(shopify=SHOPS) as edge:
        await post(edge)
        await post(edge, X_Shopify_Webhook_Id="delivery-2")
        e = Engine(EngineSettings())
        e.apply(batch(*edge.log.events))
    assert e.totals["duplicate"] == 1


async def test_two_topics_of_one_change_are_two_events():
    async with serve(shopify=SHOPS) as edge:
        await post(edge)
        await post(edge, X_Shopify_Topic="orders/updated")
        first, second = edge.log.events
    assert first["id"] != second["id"]


async def test_old_webhooks_without_an_event_id_are_known_by_their_delivery():
    async with serve(shopify=SHOPS) as edge:
        await post(edge, X_Shopify_Event_Id="")
        assert edge.log.events[0]["id"] == "orders/create:delivery-1"


async def test_a_missing_header_is_named():
    async with serve(shopify=SHOPS) as edge:
        answer = await post(edge, X_Shopify_Topic="")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "x-shopify-topic"


@pytest.mark.parametrize("body", [b"", b"not json", b"[1]", b'{"id": null}'])
async def test_a_body_without_a_key_is_received_all_the_same(body: bytes):
    async with serve(shopify=SHOPS) as edge:
        assert (await post(edge, body)).status_code == 202
        assert "key" not in edge.log.events[0]["data"]
