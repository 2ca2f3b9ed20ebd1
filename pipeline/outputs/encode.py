"""Emissions as records: verdicts, alerts and dead letters in the bytes that are published.

Signals travel as CloudEvents batches, alerts as one structured CloudEvent a record, and dead
letters as the bytes they came in. Equal emissions give equal bytes, so a reader may compare two
runs of the engine byte by byte.

Source: CloudEvents 1.0.2, "JSON Event Format", sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np

from pipeline.engine.emissions import ClosedWindow, DeadLetter, Emission, MetricVerdict
from pipeline.log.base import BATCH_CONTENT_TYPE, EVENT_CONTENT_TYPE, Headers, Output
from pipeline.outputs.signal_events import SIGNAL_TYPE, SOURCE, signal_events, significant, utc
from schemas.alerts import Alert
from schemas.signals import Signal

ALERT_TYPE = "cogent.alert"

MAX_RECORD_BYTES = 500_000
"""Half of what a Kafka broker takes in one record unless told otherwise (``message.max.bytes``)."""
MAX_DETAIL = 2_000
"""A dead letter's detail may quote its input, which may be megabytes."""

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


def _signals(closed: ClosedWindow) -> Iterator[Output]:
    batch: list[bytes] = []
    size = 2
    for event in signal_events(closed):
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


def _metric_event(verdict: MetricVerdict) -> bytes:
    tenant, flow_id = verdict.flow
    start = utc(verdict.start)
    measured = (verdict.observed, verdict.expected, verdict.lower, verdict.upper, verdict.score)
    *numbers, score = significant(np.array(measured)).tolist()
    status = "learning" if verdict.learning else "anomalous" if score > 1 else "normal"
    spans = (-(-verdict.seconds // 60),) if score else ()
    data = _SignalData(
        tenant, flow_id, "metric", start, verdict.seconds,
        *numbers, score, spans, status, verdict.metric,
    )  # fmt: skip
    id_ = f"sig:{tenant}:{flow_id}:metric:{verdict.metric}:{verdict.start}"
    return _encode_json(_Event("1.0", id_, SOURCE, SIGNAL_TYPE, start, tenant, data))


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
