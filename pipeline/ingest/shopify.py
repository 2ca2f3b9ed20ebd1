"""``POST /v1/webhooks/shopify/NAME``: webhooks of a shop, teed to us beside Patchworks.

Source: Shopify's documentation of webhooks: the signature is the HMAC-SHA256 of the raw body under
the app's secret, in base64; deliveries of one event share ``X-Shopify-Event-Id``.

Orders are full of personal data, so nothing of a body is kept but the key of what it is about.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime

import msgspec

from pipeline.collect.rows import instant, text
from pipeline.ingest.problems import Fault, InvalidEventError, UnauthorizedError
from pipeline.ingest.told import event
from pipeline.settings import ShopifySettings

_KEYS = ("id", "order_id", "inventory_item_id", "admin_graphql_api_id")
"""Where a body has the key of what it is about, by preference."""


def signed(
    shops: Mapping[str, ShopifySettings], name: str, headers: Mapping[str, str], body: bytes
) -> str:
    """Return the name a webhook is counted under.

    Raises
    ------
    UnauthorizedError
        If there is no shop of this name, or the signature is not of its secret.
    """
    shop = shops.get(name)
    # Without a shop a signature is computed all the same, so that the time taken tells nothing.
    secret = shop.secret.get_secret_value() if shop else ""
    wanted = base64.b64encode(hmac.digest(secret.encode(), body, "sha256"))
    shown = headers.get("x-shopify-hmac-sha256", "").encode()
    if not hmac.compare_digest(wanted, shown) or shop is None:
        raise UnauthorizedError("no shop of this name signs so")
    return f"shopify/{name}"


def received(
    shop: ShopifySettings, headers: Mapping[str, str], body: bytes, now: datetime
) -> list[bytes]:
    """Return the event that a webhook stands for, in structured JSON.

    Raises
    ------
    InvalidEventError
        If a header that names it is missing.
    """
    told = {
        name: text(headers, f"x-shopify-{name}")
        for name in ("topic", "webhook-id", "event-id", "shop-domain")
    }
    for name in ("topic", "webhook-id"):
        if told[name] is None:
            header = f"x-shopify-{name}"
            fault = Fault(None, header, "missing", "is required")
            raise InvalidEventError(f"{header} is required", [fault])
    triggered = instant(headers, "x-shopify-triggered-at")
    data = {
        "system": "shopify",
        "topic": told["topic"],
        "delivery_id": told["webhook-id"],
        "event_id": told["event-id"],
        "shop": told["shop-domain"],
        "key": _key(body),
        "triggered_at": triggered,
        "bytes": len(body),
    }
    # One change of a shop's may raise several topics, under the same event id.
    id_ = f"{told['topic']}:{told['event-id'] or told['webhook-id']}"
    return [event(shop.tenant, "cogent.webhook.received", id_, triggered or now, data)]


def _key(body: bytes) -> str | None:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return text(found, *_KEYS) if isinstance(found, dict) else None
