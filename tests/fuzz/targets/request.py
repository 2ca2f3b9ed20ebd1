"""A request to the edge: headers and a body in any of the three modes of CloudEvents."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from pipeline.engine.emissions import DeadLetter
from pipeline.engine.records import read
from pipeline.ingest.admission import admit
from pipeline.ingest.bindings import mode_of, raw_events
from pipeline.ingest.problems import RefusedError, problem
from pipeline.log.base import Entry, Record
from pipeline.log.batching import BATCH_HEADERS, pack
from pipeline.settings import IngestSettings
from tests.fuzz import seeds as known
from tests.fuzz.messages import as_text, parsed

LONGEST = 32_768
WORDS = (
    b"content-type: application/cloudevents+json\n",
    b"content-type: application/cloudevents-batch+json; charset=utf-8\n",
    b"content-type: application/json\n", b"ce-id: %41\n", b"ce-time: 2026-03-02T10:00:00Z\n",
    b"ce-data: {}\n", b"ce-", b"%FF", b"\n\n", b"patchworks_signature=", b'"collector":"ingest"',
)  # fmt: skip
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SETTINGS = IngestSettings()


def seeds() -> list[bytes]:
    structured = {"content-type": "application/cloudevents+json"}
    batched = {"content-type": "application/cloudevents-batch+json"}
    good = known.examples()
    single = [as_text(structured, event) for event in good + known.corpus()]
    return [*single, as_text(batched, b"[" + b",".join(good) + b"]"), *map(_binary, good)]


def _binary(event: bytes) -> bytes:
    document = json.loads(event)
    data = json.dumps(document.pop("data")).encode()
    attributes = {f"ce-{name}": str(value) for name, value in document.items()}
    return as_text({"content-type": "application/json", **attributes}, data)


def check(raw: bytes) -> None:
    headers, body = parsed(raw)
    taken_or_refused(lambda: raw_events(mode_of(headers), headers, body))


def taken_or_refused(events: Callable[[], list[bytes]]) -> None:
    """What is taken, the engine can read; what is not, is refused by name."""
    try:
        entries = admit(events(), SETTINGS, NOW)
    except RefusedError as refused:
        answer = problem(refused)
        assert json.loads(answer.body)["status"] == answer.status_code < 500
        assert len(answer.body) < 10_000, "a refusal repeats what it refuses"
    else:
        assert buried(entries) == [], "the engine buries what the edge took"


def buried(entries: list[Entry]) -> list[str]:
    """What of a log that holds these entries the engine cannot read."""
    records = [Record(0, 0, None, batch.value, BATCH_HEADERS) for batch in pack(entries, 1)]
    read_back = [found for portion in read(records) for found in portion.events]
    assert len(read_back) == len(entries)
    return [found.detail for found in read_back if isinstance(found, DeadLetter)]
