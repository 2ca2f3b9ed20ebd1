"""A file of incidents that a user knows of."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pipeline.backtest.budgets import Onset
from pipeline.backtest.labels import LabelError, read_labels, score
from pipeline.engine.emissions import FlowKey
from tests.make import MONDAY

WORDS = (b'"flow"', b'"acme:orders"', b'"start"', b'"end"', b'"kind"', b'"orders"')


def seeds() -> list[bytes]:
    return [
        b'[{"flow": "orders", "start": "2026-03-02T00:00:00Z", "end": "2026-03-02T01:00:00Z"}]',
        b'[{"flow":"acme:orders","kind":"outage","start":"2026-03-02","end":null},{}]',
        b'[{"flow":"a","start":"2026-03-02T00:00:00+05:30","end":"2026-03-01T01:00:00Z"}]',
        b"[]",
        b"{}",
    ]


def check(raw: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(raw)
        file.flush()
        try:
            labels = read_labels(Path(file.name))
        except LabelError as error:
            assert len(str(error)) < 2000
            return
    onset = Onset(FlowKey("acme", "orders"), MONDAY, "volume")
    found = score([onset], labels, 60)
    assert len(found.found) + len(found.missed) >= len(set(labels))
