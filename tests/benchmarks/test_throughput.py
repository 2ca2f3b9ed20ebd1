"""The parts of the throughput benchmark that need no Kafka, on a tiny workload."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.throughput.__main__ import parse, plan_of
from benchmarks.throughput.alone import PARTS, alone, shares
from benchmarks.throughput.cases import CASES
from benchmarks.throughput.embedded import embedded
from benchmarks.throughput.faust import Commit, rate
from benchmarks.throughput.goals import goals
from benchmarks.throughput.plot import plot
from benchmarks.throughput.report import Measured, Report, Spent, machine
from benchmarks.throughput.rounds import Plan
from benchmarks.throughput.workload import Shape, workload
from pipeline.log.journal import Journal
from pipeline.settings import JournalSettings
from schemas.decode import decode_batch


@pytest.mark.parametrize("size", [1, 50])
def test_every_record_but_a_partitions_last_holds_exactly_so_many_events(size: int) -> None:
    work = workload(1000, Shape(size, 10, 5), partitions=2)

    for partition in range(2):
        counts = [
            len(decode_batch(r.value or b"")) for r in work.records() if r.partition == partition
        ]
        assert set(counts[:-1]) == {size}
        assert 1 <= counts[-1] <= size


def test_both_shapes_hold_the_same_events_in_the_same_order() -> None:
    def events(size: int, partition: int) -> list[object]:
        records = workload(500, Shape(size, 10, 5), partitions=2).records()
        return [
            e for r in records if r.partition == partition for e in decode_batch(r.value or b"")
        ]

    for partition in range(2):
        assert events(1, partition) == events(40, partition)


def test_every_partition_gets_every_heartbeat() -> None:
    records = workload(1000, Shape(7, 10, 5), partitions=3).records()

    beats: dict[int, list[str]] = {0: [], 1: [], 2: []}
    for record in records:
        events = decode_batch(record.value or b"")
        beats[record.partition] += [e.id for e in events if e.type == "cogent.collector.heartbeat"]

    assert beats[0] == beats[1] == beats[2]
    assert len(beats[0]) >= 1000 // (10 * 5) - 5


async def test_the_journal_holds_the_very_records_of_the_workload(tmp_path: Path) -> None:
    work = workload(1000, Shape(1, 10, 5), partitions=2)
    await embedded(work, tmp_path)

    journal = await Journal.open(JournalSettings(path=tmp_path / "journal.db", partitions=2))
    for partition in range(2):
        found = [r.value for r in await journal.read(partition, None, limit=5000)]
        assert found == [r.value for r in work.records() if r.partition == partition]
    await journal.aclose()


@pytest.mark.parametrize("size", [1, 50])
async def test_embedded_and_alone_give_a_rate(size: int, tmp_path: Path) -> None:
    work = workload(1000, Shape(size, 10, 5), partitions=2)

    assert await embedded(work, tmp_path) > 0
    assert alone(work) > 0


def test_the_parts_of_the_time_are_all_there_and_windows_are_closed() -> None:
    micros, flow_windows = shares(workload(1000, Shape(50, 10, 5), partitions=2))

    assert list(micros) == list(PARTS)
    assert all(value > 0 for value in micros.values())
    assert flow_windows >= 10 * 10


def test_the_rate_through_faust_leaves_out_what_the_first_commit_held() -> None:
    work = workload(1000, Shape(10, 10, 5), partitions=2)
    commits = [Commit(5000, 0, 4), Commit(5500, 1, 30), Commit(7000, 0, 60)]

    assert rate(work, commits) == (work.events - 5 * 10) / 2


def test_one_commit_alone_gives_no_rate() -> None:
    work = workload(100, Shape(10, 10, 5), partitions=1)

    with pytest.raises(ValueError, match="--events"):
        rate(work, [Commit(5000, 0, 12)])


def test_the_report_is_one_json_object_of_medians() -> None:
    rates, ratios = [10.0, 30.0, 20.0], [0.1, 0.3, 0.2]
    row = Measured("engine alone", Shape(200, 100, 5), 1, rates, ratios)

    found = json.loads(Report([row], [Spent(5, {"decode": 1.0}, 40)], machine()).json())

    assert found["throughput"] == [
        {
            "events_per_record": 200,
            "flows": 100,
            "per_minute": 5,
            "workers": 1,
            "case": "engine alone",
            "events_per_s": 20,
            "ratio": 0.2,
            "rounds": [10, 30, 20],
        }
    ]
    assert found["where_the_time_goes"] == [
        {"per_minute": 5, "microseconds_an_event": {"decode": 1.0}, "flow_windows": 40}
    ]
    assert found["conditions"]["python"]


def test_the_picture_has_every_case(tmp_path: Path) -> None:
    shapes = [(Shape(200, 100, 5), 1), (Shape(200, 1000, 5), 1), (Shape(200, 100, 600), 2)]
    rows = [Measured("engine alone", shape, n, [10.0], [0.1]) for shape, n in shapes]

    plot(rows, tmp_path / "throughput.png")

    assert (tmp_path / "throughput.png").read_bytes().startswith(b"\x89PNG")


def test_bare_always_runs_since_others_are_held_against_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = plan_given(monkeypatch, "--cases=quix", "--flows=10,20", "--per-minute=5")

    assert plan.cases == ["bare", "quix"]
    assert (plan.flows, plan.workers, plan.sizes) == ([10, 20], [1], [200, 1])
    assert plan.steps == 2 * 2 * 3  # flows and shapes; two cases and a filling


def test_a_live_load_is_measured_in_batches_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_given(monkeypatch)

    assert list(plan.shapes()) == [Shape(200, 100, 5), Shape(200, 100, 600), Shape(1, 100, 5)]


def test_thousands_of_flows_are_measured_on_a_sparse_history_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = plan_given(monkeypatch, "--full", "--sizes=200")

    assert list(plan.shapes()) == [
        Shape(200, 100, 5),
        Shape(200, 100, 600),
        Shape(200, 1_000, 5),
        Shape(200, 10_000, 5),
    ]


def test_there_are_minutes_of_events_at_any_density(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_given(monkeypatch, "--events=1000")

    assert plan.events_of(Shape(200, 100, 600)) == 10 * 100 * 600
    assert plan.events_of(Shape(200, 1, 5)) == 1000
    assert plan.events_of(Shape(1, 1, 5)) == 250


def test_goals_are_ratios_of_one_run() -> None:
    def row(case: str, size: int, flows: int, rate: float, per_minute: float = 5) -> Measured:
        return Measured(CASES[case].title, Shape(size, flows, per_minute), 1, [rate], [1.0])

    rows = [
        row("engine", 200, 100, 60.0),
        row("bare", 200, 100, 100.0),
        row("quix", 200, 100, 31.0),
        row("engine", 200, 10_000, 39.0),
        row("engine", 1, 100, 8.0),
        row("noop", 1, 100, 10.0),
        row("engine", 200, 100, 90.0, per_minute=600),
        row("bare", 200, 100, 200.0, per_minute=600),
        Measured(CASES["engine"].title, Shape(200, 100, 5), 2, [1e9], [1.0]),
    ]

    found = [(goal.found, goal.reached) for goal in goals(rows)]

    assert found == [
        (0.6, True),
        (pytest.approx(1.935, abs=0.001), False),
        (0.45, False),
        (0.8, True),
        (pytest.approx(1.538, abs=0.001), False),
    ]


def plan_given(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Plan:
    monkeypatch.setattr("sys.argv", ["benchmarks.throughput", *arguments])
    return plan_of(parse())
