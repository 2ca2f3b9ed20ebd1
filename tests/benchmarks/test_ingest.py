"""The measurement of the edge, in small."""

from __future__ import annotations

import json
from itertools import islice

import pytest

from benchmarks.ingest.__main__ import main
from benchmarks.ingest.load import bodies


@pytest.mark.parametrize("size", [1, 5])
def test_no_event_is_posted_twice(size: int) -> None:
    posted = [json.loads(body) for body in islice(bodies(size), 20)]

    events = posted if size == 1 else [event for batch in posted for event in batch]
    assert len(events) == 20 * size
    assert len({event["id"] for event in events}) == 20 * size
    assert len({event["data"]["run_id"] for event in events}) == 20 * size


def test_the_real_edge_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--logs=journal", "--sizes=1,50", "--seconds=1", "--connections=4", "--json"]
    monkeypatch.setattr("sys.argv", ["benchmarks.ingest", *arguments])
    main()
    single, batched = json.loads(capsys.readouterr().out)["ingest"]

    assert (single["log"], single["events_a_request"]) == ("journal", 1)
    assert 0 < single["p50_ms"] <= single["p99_ms"]
    assert batched["events_per_s"] == pytest.approx(50 * batched["requests_per_s"], rel=0.01)
    assert batched["events_per_s"] > single["events_per_s"]
