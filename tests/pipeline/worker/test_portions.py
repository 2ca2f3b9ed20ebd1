"""Emissions gathered in portions, each with the place that it leads to."""

from __future__ import annotations

import pytest

from pipeline.engine.emissions import ClosedWindow, DeadLetter, Emission
from pipeline.engine.engine import Engine
from pipeline.log.base import NOTHING, Record
from pipeline.settings import EngineSettings
from pipeline.worker import portions
from pipeline.worker.portions import Place, Portion, placed
from tests.make import MONDAY, batch, heartbeat, window


def letter(value: bytes = b"{", headers: tuple[tuple[str, bytes], ...] = ()) -> DeadLetter:
    return DeadLetter(7, None, "json", "", None, value, headers)


def record(offset: int) -> Record:
    return Record(0, offset, None, None)


def test_emissions_of_a_record_are_counted_from_the_one_before() -> None:
    records = [record(4), record(6), record(9)]
    brought: list[tuple[Record, Emission]] = [
        (records[0], letter()),
        (records[0], letter()),
        (records[2], letter()),
    ]

    places = [place for place, _ in placed(3, records, brought)]

    assert places == [Place(3, 1), Place(3, 2), Place(6, 1)]


def test_places_compare_as_they_follow_one_another() -> None:
    assert Place() < Place(NOTHING, 1) < Place(0) < Place(0, 1) < Place(0, 2) < Place(4)


@pytest.mark.parametrize("large", [letter(b"x" * 1000), letter(headers=(("name", b"x" * 1000),))])
def test_a_portion_is_full_once_its_outputs_come_to_the_bound(
    large: DeadLetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "PORTION_BYTES", 2_000)
    portion = Portion("events", 0)
    portion.add(large)
    assert not portion.full
    portion.add(large)
    assert portion.full
    assert len(portion.outputs) == 2


def test_windows_with_nothing_to_tell_fill_a_portion_too(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(EngineSettings(lateness_seconds=0))
    out = engine.apply(batch(window(MONDAY, finished=0), heartbeat(MONDAY + 60)))
    [closed] = [emission for emission in out if isinstance(emission, ClosedWindow)]
    monkeypatch.setattr(portions, "PORTION_BYTES", 10_000)
    monkeypatch.setattr(portions, "encode", lambda *_, **__: [])
    portion = Portion("events", 0)
    while not portion.full:
        portion.add(closed)
    assert 5 < len(portion.emissions) < 50
