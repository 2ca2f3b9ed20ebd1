"""What failed runs say: the summary a run is given, by the system that refused it.

The texts are invented after the shapes of each system's error format.
"""

from __future__ import annotations

import numpy as np

_TIMEOUT = "cURL error 28: Operation timed out after {ms} milliseconds with 0 bytes received"


def _refused(path: str, status: str) -> str:
    return f"Client error: `POST {path}` resulted in a `{status}` response"


_SUMMARIES: dict[str, tuple[str, ...]] = {
    "Shopify": (
        _refused("/admin/api/graphql.json", "429 Too Many Requests"),
        _refused("/admin/api/graphql.json", "422 Unprocessable Content"),
        "Shopify userErrors: [inventoryItemId] The inventory item {id} could not be found.",
        _TIMEOUT,
    ),
    "NetSuite": (
        "RESTlet error 400: SSS_REQUEST_LIMIT_EXCEEDED: too many concurrent requests.",
        "NetSuite error INVALID_KEY_OR_REF: invalid item reference key {id}.",
        "NetSuite error RCRD_HAS_BEEN_CHANGED: record {id} has been changed since it was read.",
        _TIMEOUT,
    ),
    "Peoplevox": (
        "Peoplevox import failed: line 1: item code SKU-{id} does not exist",
        "Server error: `POST /integration` resulted in a `503 Service Unavailable` response",
        _TIMEOUT,
    ),
    "Klaviyo": (
        _refused("/api/profiles", "429 Too Many Requests"),
        _refused("/api/profiles", "409 Conflict") + ": a profile already exists with id {id}",
        _TIMEOUT,
    ),
}


def failure_summary(system: str, rng: np.random.Generator) -> str:
    """Return what a run that failed against ``system`` says of it.

    >>> failure_summary("Klaviyo", np.random.default_rng(1))
    'Client error: `POST /api/profiles` resulted in a `409 Conflict` response: ...'
    """
    texts = _SUMMARIES[system]
    text = texts[int(rng.integers(len(texts)))]
    return text.format(id=int(rng.integers(10_000, 99_999)), ms=int(rng.integers(30_001, 30_040)))
