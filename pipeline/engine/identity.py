"""By what alerts are told apart: names that come out the same on every replay."""

from __future__ import annotations

from hashlib import blake2s

import msgspec

from schemas.alerts import AlertSignal


def fingerprint(tenant: str, flow_id: str, signal: AlertSignal, *metric: str) -> str:
    """Name a trouble, whenever it happens: 16 hexadecimal digits."""
    return _digest(tenant, flow_id, signal, *metric)


def alert_id(tenant: str, flow_id: str, signal: AlertSignal, start: int, *metric: str) -> str:
    """Name one occurrence of a trouble by its first anomalous window: 16 hexadecimal digits."""
    return _digest(tenant, flow_id, signal, str(start), *metric)


def _digest(*parts: str) -> str:
    return blake2s(msgspec.json.encode(parts), digest_size=8).hexdigest()
