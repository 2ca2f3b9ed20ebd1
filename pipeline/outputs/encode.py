"""Emissions as records: verdicts, alerts and dead letters in the bytes that are published.

Signals travel as CloudEvents batches, alerts as one structured CloudEvent a record, and dead
letters as the bytes they came in. Equal emissions give equal bytes, so a reader may compare two
runs of the engine byte by byte.

Source: CloudEvents 1.0.2, "JSON Event Format", sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from detectors.columns import Floats
from pipeline.engine.emissions import ClosedWindow, DeadLetter, Emission, MetricVerdict
from pipeline.engine.outlooks import RELEARNING
from pipeline.log.base import BATCH_CONTENT_TYPE, EVENT_CONTENT_TYPE, Headers, Output
from schemas.alerts import Alert
from schemas.signals import Signal

SOURCE = "cogentai"
SIGNAL_TYPE = "cogent.signal"
ALERT_TYPE = "cogent.alert"

MAX_RECORD_BYTES = 500_000
"""Half of what a Kafka broker takes in one record unless told otherwise (``message.max.bytes``)."""
MAX_DETAIL = 2_000
"""A dead letter's detail may quote its input, which may be megabytes."""

_MAX_SCORE = 1e9  # what an infinite score is written as: JSON has no infinity
_DIGITS = 6
_LEAST = -12
_POWERS: Floats = np.array([float(f"1e{n}") for n in range(_LEAST, 19)])

_ENVELOPE = ("specversion", "id", "source", "type", "time", "tenant", "data")
# Typed as Any: mypy cannot see the fields of a struct made at run time.
_Event: Any = msgspec.defstruct("_Event", _ENVELOPE)
_SignalData: Any = msgspec.defstruct(
    "_SignalData",
    [*(name for name in Signal.model_fields if name != "metric"), ("metric", Any, None)],
    omit_defaults=True,
)
_encode_json = msgspec.json.Encoder().encode


def encode(emissions: Iterable[Emission], *, topic: str, partition: int) -> list[Output]:
    """Encode what the engine handed out for some records, in order.

    Parameters
    ----------
    topic, partition
        Where the records came from; a dead letter says so in its headers.

    Examples
    --------
    >>> letter = DeadLetter(7, None, "not-json", "line 1", b"k", b"{", ())
    >>> [output] = encode([letter], topic="patchworks.events.v1", partition=3)
    >>> output.topic, output.value, dict(output.headers)["cogentai.error.reason"]
    ('dead-letters', b'{', b'not-json')
    """
    outputs: list[Output] = []
    for emission in emissions:
        match emission:
            case ClosedWindow():
                outputs.extend(_signals(emission))
            case MetricVerdict():
                outputs.append(_batch([_metric_event(emission)]))
            case Alert():
                outputs.append(_alert(emission))
            case DeadLetter():
                outputs.append(_dead_letter(emission, topic, partition))
    return outputs


def significant(values: Floats) -> Floats:
    """Round to six significant digits, each to the float nearest that decimal.

    Powers of ten are looked up rather than computed by a logarithm, whose last bit may depend on
    the processor. Outside 1e-12 to 1e18 fewer or more digits remain.

    >>> significant(np.array([0.1 + 0.2, 1234567.0, 0.0, np.nan])).tolist()
    [0.3, 1234570.0, 0.0, nan]
    """
    exponent = np.searchsorted(_POWERS, np.abs(values), side="right") - 1 + _LEAST
    up = _POWERS[np.maximum(_DIGITS - 1 - exponent, 0) - _LEAST]
    down = _POWERS[np.maximum(exponent - _DIGITS + 1, 0) - _LEAST]
    rounded: Floats = np.rint(values / down * up) / up * down
    return rounded + 0.0  # a negative zero becomes positive


def _signals(closed: ClosedWindow) -> Iterator[Output]:
    batch: list[bytes] = []
    size = 2
    for event in _signal_events(closed):
        if batch and size + len(event) > MAX_RECORD_BYTES:
            yield _batch(batch)
            batch, size = [], 2
        batch.append(event)
        size += len(event) + 1
    if batch:
        yield _batch(batch)


def _batch(events: list[bytes]) -> Output:
    headers: Headers = (("content-type", BATCH_CONTENT_TYPE),)
    return Output("signals", None, b"[" + b",".join(events) + b"]", headers)


def _signal_events(closed: ClosedWindow) -> Iterator[bytes]:
    """Encode the verdicts that have something to say, signal by signal.

    A quantity that was not observed is written as null, which is what msgspec makes of NaN.
    """
    start = _instant(closed.start)
    calm = _calm(closed)
    numbers = significant(_numbers(closed))
    said = ~np.isnan(numbers[:, 0]) | (numbers[:, -1] > 0)
    for i, (name, verdict) in enumerate(closed.verdicts.items()):
        rows = np.flatnonzero(said[i])
        minutes = -(-verdict.span[rows] * closed.seconds // 60)  # less than a minute counts as one
        columns = [*numbers[i][:, rows].tolist(), minutes.tolist()]
        for row, observed, expected, lower, upper, score, span in zip(
            rows.tolist(), *columns, strict=True
        ):
            tenant, flow_id = closed.flows[row]
            known = calm[row] if name in RELEARNING or calm[row] == "learning" else "normal"
            status = "anomalous" if score > 1 else known
            data = _SignalData(
                tenant, flow_id, name, start, closed.seconds,
                observed, expected, lower, upper, score, (span,) if score else (), status,
            )  # fmt: skip
            id_ = _signal_id(tenant, flow_id, name, closed.start)
            yield _encode_json(_Event("1.0", id_, SOURCE, SIGNAL_TYPE, start, tenant, data))


def _calm(closed: ClosedWindow) -> list[str]:
    """Return the status of each flow's signals where they are not anomalous."""
    relearning = False if closed.relearning is None else closed.relearning
    calm = np.where(closed.learning, "learning", np.where(relearning, "relearning", "normal"))
    words: list[str] = calm.tolist()
    return words


def _metric_event(verdict: MetricVerdict) -> bytes:
    tenant, flow_id = verdict.flow
    start = _instant(verdict.start)
    measured = (verdict.observed, verdict.expected, verdict.lower, verdict.upper, verdict.score)
    *numbers, score = significant(np.array(measured)).tolist()
    status = "learning" if verdict.learning else "anomalous" if score > 1 else "normal"
    spans = (-(-verdict.seconds // 60),) if score else ()
    data = _SignalData(
        tenant, flow_id, "metric", start, verdict.seconds,
        *numbers, score, spans, status, verdict.metric,
    )  # fmt: skip
    id_ = _signal_id(tenant, flow_id, f"metric:{verdict.metric}", verdict.start)
    return _encode_json(_Event("1.0", id_, SOURCE, SIGNAL_TYPE, start, tenant, data))


def _numbers(closed: ClosedWindow) -> Floats:
    """Return what verdicts measured, shape (signals, 5, flows); the score comes last."""
    measured = [
        (v.observed, v.expected, v.lower, v.upper, v.score) for v in closed.verdicts.values()
    ]
    numbers = np.array(measured, dtype=np.float64).reshape(len(measured), 5, len(closed.flows))
    numbers[:, -1] = np.nan_to_num(numbers[:, -1], posinf=_MAX_SCORE)
    return numbers


def _signal_id(tenant: str, flow_id: str, name: str, start: int) -> str:
    return f"sig:{tenant}:{flow_id}:{name}:{start}"


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _alert(alert: Alert) -> Output:
    data = alert.model_dump(mode="json")
    id_ = f"{alert.id}:{alert.revision}"
    event = _Event("1.0", id_, SOURCE, ALERT_TYPE, data["updated_at"], alert.tenant, data)
    key = f"{alert.tenant}:{alert.flow_id}".encode()
    return Output("alerts", key, _encode_json(event), (("content-type", EVENT_CONTENT_TYPE),))


def _dead_letter(letter: DeadLetter, topic: str, partition: int) -> Output:
    error = {
        "topic": topic,
        "partition": partition,
        "offset": letter.offset,
        "entry": letter.entry,
        "reason": letter.reason,
        "detail": letter.detail[:MAX_DETAIL],
    }
    # Input may hold lone surrogates, which have no UTF-8 form; escaped, they still tell the reader.
    headers = tuple(
        (f"cogentai.error.{name}", str(value).encode("utf-8", "backslashreplace"))
        for name, value in error.items()
        if value is not None
    )
    return Output("dead-letters", letter.key, letter.value, letter.headers + headers)
