from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from pipeline.backtest.budgets import Onset
from pipeline.backtest.labels import Label, LabelError, read_labels, score
from tests.make import MONDAY, iso
from tests.pipeline.backtest.make import ORDERS, STOCK


def labels(tmp_path: Path, *spans: tuple[str, int, int]) -> list[Label]:
    """Incidents of a flow from one minute to another."""
    rows = [
        {"flow": flow, "start": iso(MONDAY + 60 * a), "end": iso(MONDAY + 60 * b)}
        for flow, a, b in spans
    ]
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(rows))
    return read_labels(path)


def at(minute: int) -> Onset:
    return Onset(ORDERS, MONDAY + 60 * minute, "volume")


@pytest.mark.parametrize("minute", [100, 120, 130])
def test_an_alert_from_start_to_ten_minutes_after_the_end_finds_an_incident(
    tmp_path: Path, minute: int
):
    result = score([at(minute)], labels(tmp_path, ("orders", 100, 120)), 60)

    assert (result.recall, result.false) == (1.0, ())


@pytest.mark.parametrize("minute", [131, 180])
def test_an_alert_in_the_hour_after_is_neither_hit_nor_false(tmp_path: Path, minute: int):
    result = score([at(minute)], labels(tmp_path, ("orders", 100, 120)), 60)

    assert (result.recall, result.false) == (0.0, ())


@pytest.mark.parametrize("minute", [98, 181])
def test_an_alert_outside_is_false(tmp_path: Path, minute: int):
    result = score([at(minute)], labels(tmp_path, ("acme:orders", 100, 120)), 60)

    assert (result.recall, result.false) == (0.0, (at(minute),))


def test_an_incident_that_starts_within_a_window_is_found_by_that_window(tmp_path: Path):
    (label,) = labels(tmp_path, ("orders", 100, 120))

    assert score([at(59)], [label], 3600).found == (label,)


def test_an_incident_of_one_flow_is_not_found_on_another(tmp_path: Path):
    (label,) = labels(tmp_path, ("stock", 100, 120))
    result = score([at(110)], [label], 60)

    assert (result.missed, result.false) == ((label,), (at(110),))
    assert label.concerns(STOCK)


def test_without_incidents_there_is_no_recall():
    assert math.isnan(score([at(1)], [], 60).recall)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "truncated"),
        ('[{"flow": "a"}]', "start"),
        ('[{"flow": "a", "start": "2026-03-02T10:00:00", "end": "2026-03-02T10:00:00Z"}]', "start"),
        (
            '[{"flow": "a", "start": "2026-03-02T10:00:00Z", "end": "2026-03-02T09:00:00Z"}]',
            "label 0 ends before",
        ),
    ],
)
def test_what_is_wrong_with_labels_is_named(tmp_path: Path, text: str, words: str):
    path = tmp_path / "labels.json"
    path.write_text(text)
    with pytest.raises(LabelError, match=rf"labels\.json: .*{words}"):
        read_labels(path)
