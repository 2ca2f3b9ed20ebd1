from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.log.base import LogUnavailableError
from pipeline.log.journal import Journal
from pipeline.replay.replay import BATCH, SHOWN, STRIDE, StrictReplayError
from pipeline.settings import JournalSettings
from tests.make import MONDAY, batch_of, event, heartbeat, iso, run, window
from tests.pipeline.replay.recording import MemoryLog, Outputs, bare, epoch, replayed, write


def by_flow(flows: int = 3, minutes: int = 40) -> list[dict]:
    """Whole windows, one flow after the other, as a database would export them."""
    return [
        bare(window(MONDAY + 60 * m, f"flow-{f}", runs={"started": f + m % 5}))
        for f in range(flows)
        for m in range(minutes)
    ]


async def test_events_come_in_order_of_time_whatever_order_the_file_has(tmp_path: Path):
    log = MemoryLog()
    report = await replayed(write(tmp_path / "flows.jsonl", by_flow()), log)
    assert (report.events, report.refused) == (120, 0)
    times = [epoch(e["time"]) for e in log.events]
    assert times == sorted(times)
    assert sorted(log.ids) == sorted(e["id"] for e in by_flow())


async def test_a_file_sorted_by_flow_gives_what_the_same_file_sorted_by_time_gives(tmp_path: Path):
    sorted_by_time = sorted(by_flow(), key=lambda e: e["time"])
    outputs = []
    for name, events in (("a", by_flow()), ("b", sorted_by_time)):
        (tmp_path / name).mkdir()
        log = MemoryLog()
        await replayed(write(tmp_path / name / "flows.jsonl", events), log)
        outputs.append(await Outputs().of(log.batches))
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == 40


async def test_slight_disorder_is_left_as_it_was_recorded(tmp_path: Path):
    events = [bare(run(MONDAY + at)) for at in (100, 45, 110)]
    log = MemoryLog()
    await replayed(write(tmp_path / "runs.jsonl", events), log)
    assert log.ids == [e["id"] for e in events]


async def test_an_event_is_stamped_and_otherwise_stays_byte_for_byte(tmp_path: Path):
    raw = json.dumps(bare(run(MONDAY)) | {"shade": [1.50, 10**30, "é"]}, indent=None).encode()
    log = MemoryLog()
    await replayed(write(tmp_path / "runs.jsonl", [raw]), log)
    (entry,) = [e for e in log.batches[0] if e.key]
    assert entry.key == "acme:orders"
    assert entry.value == raw[:-1] + b',"collector":"replay:runs.jsonl"}'


async def test_a_recorded_log_keeps_its_collectors(tmp_path: Path):
    events = [run(MONDAY), heartbeat(MONDAY + 60)]
    log = MemoryLog()
    await replayed(write(tmp_path / "log.jsonl", events), log)
    assert log.events[0]["collector"] == "test"
    assert [beat["collector"] for beat in log.heartbeats].count("test") == 1


async def test_without_heartbeats_in_the_file_the_replay_vouches_for_every_event(tmp_path: Path):
    log = MemoryLog()
    await replayed(write(tmp_path / "runs.jsonl", [run(MONDAY), run(MONDAY + 600)]), log)
    assert {e["collector"] for e in log.events} == {"replay:runs.jsonl"}
    assert len(await Outputs().of(log.batches)) > 0


async def test_an_event_without_a_flow_has_no_key(tmp_path: Path):
    log = MemoryLog()
    await replayed(
        write(tmp_path / "q.jsonl", [event("cogent.queue.snapshot", MONDAY, {"depth": 3})]), log
    )
    assert [entry.key for entry in log.batches[0]] == [None, None, None]


async def test_a_patchworks_signature_in_the_file_does_not_reach_the_log(tmp_path: Path):
    events = [
        run(MONDAY, summary="GET /hook?patchworks_signature=5ec2e7&x=1"),
        heartbeat(MONDAY) | {"hook": "https://host/?patchworks_signature=5ec2e7"},
    ]
    log = MemoryLog()
    await replayed(write(tmp_path / "runs.jsonl", events), log)
    assert "5ec2e7" not in json.dumps(log.all)
    assert json.dumps(log.all).count("[redacted]") == 2


# what is refused


async def test_bad_lines_are_reported_with_their_numbers_and_the_rest_goes_on(tmp_path: Path):
    lines = [
        run(MONDAY),
        b"{not json",
        b"",
        run(MONDAY, "done"),
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\xff\xfe",
        run(MONDAY + 30),
    ]
    log = MemoryLog()
    report = await replayed(write(tmp_path / "runs.jsonl", lines), log)
    assert (report.events, report.refused) == (2, 5)
    starts = [words.split(":")[0] for words in report.refusals]
    assert starts == ["line 2", "line 4", "line 5", "line 6", "line 7"]
    assert "data.state must be" in report.refusals[1]
    assert len(log.events) == 2


async def test_a_line_is_counted_from_the_top_of_the_file_even_where_it_was_sorted(tmp_path: Path):
    lines = [run(MONDAY + 7200), run(MONDAY + 3600, "done"), run(MONDAY)]
    report = await replayed(write(tmp_path / "runs.jsonl", lines), MemoryLog())
    assert report.refusals[0].startswith("line 2: data.state")


async def test_many_refusals_are_counted_but_not_all_told(tmp_path: Path):
    report = await replayed(write(tmp_path / "runs.jsonl", [b"{}"] * 50), MemoryLog())
    assert (report.refused, len(report.refusals)) == (50, SHOWN)


async def test_a_refusal_does_not_repeat_a_secret(tmp_path: Path):
    bad = event(
        "cogent.queue.snapshot",
        MONDAY,
        {"depth": 1, "by_flow": {"patchworks_signature=5ec2e7": -1}},
    )
    (words,) = (await replayed(write(tmp_path / "q.jsonl", [bad]), MemoryLog())).refusals
    assert "data.by_flow.patchworks_signature=[redacted]" in words


async def test_strict_stops_at_the_first_bad_line(tmp_path: Path):
    path = write(tmp_path / "runs.jsonl", [run(MONDAY), run(MONDAY, "done"), run(MONDAY)])
    with pytest.raises(StrictReplayError, match=r"line 2: data\.state"):
        await replayed(path, MemoryLog(), strict=True)


# heartbeats


async def test_heartbeats_rise_and_never_run_ahead_of_what_was_sent(tmp_path: Path):
    log = MemoryLog()
    await replayed(write(tmp_path / "flows.jsonl", by_flow()), log)
    assert all(a < b for a, b in pairwise(log.watermarks[:-1]))
    told = 0
    for e in log.all:
        if e["type"] == "cogent.collector.heartbeat":
            told = epoch(e["time"])
        else:
            assert epoch(e["time"]) >= told


async def test_a_long_gap_is_crossed_in_steps_of_an_hour(tmp_path: Path):
    log = MemoryLog()
    events = [bare(run(MONDAY)), bare(run(MONDAY + 30 * 86_400))]
    await replayed(write(tmp_path / "runs.jsonl", events), log)
    assert max(b - a for a, b in pairwise(log.watermarks)) <= STRIDE
    assert 720 <= len(log.watermarks) <= 723


async def test_the_last_heartbeat_says_that_it_has_finished_at_the_end_of_the_last_window(
    tmp_path: Path,
):
    log = MemoryLog()
    await replayed(write(tmp_path / "flows.jsonl", by_flow(1, 3)), log)
    assert [beat["status"] for beat in log.heartbeats[:-1]] == ["running"] * 3
    assert log.heartbeats[-1]["status"] == "finished"
    assert log.watermarks[-1] == MONDAY + 180
    assert log.all[-1]["data"] == log.heartbeats[-1]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"nothing but\nnonsense\n"])
async def test_a_file_without_events_writes_nothing(tmp_path: Path, content: bytes):
    path = tmp_path / "empty.jsonl"
    path.write_bytes(content)
    log = MemoryLog()
    report = await replayed(path, log, place=tmp_path / "place.json")
    assert (report.events, log.all) == (0, [])


async def test_the_last_line_needs_no_newline(tmp_path: Path):
    path = tmp_path / "runs.jsonl"
    path.write_bytes(b"\n".join(json.dumps(run(MONDAY + n)).encode() for n in range(3)))
    log = MemoryLog()
    assert (await replayed(path, log)).events == len(log.events) == 3


# interruptions


async def test_an_interrupted_replay_goes_on_and_loses_nothing(tmp_path: Path):
    events = [bare(e) for e in (run(MONDAY + 7 * n) for n in range(4 * BATCH))]
    path, place = write(tmp_path / "runs.jsonl", events), tmp_path / "place.json"
    whole = MemoryLog()
    await replayed(path, whole)
    first = MemoryLog(breaks_after=2)
    with pytest.raises(LogUnavailableError):
        await replayed(path, first, place=place)
    second = MemoryLog()
    report = await replayed(path, second, place=place)
    assert report.resumed_at > BATCH
    assert first.batches + second.batches == whole.batches


async def test_what_was_appended_but_not_noted_is_sent_again_and_applied_once(tmp_path: Path):
    events = [bare(e) for e in (run(MONDAY + 2 * n) for n in range(4 * BATCH))]
    path, place = write(tmp_path / "runs.jsonl", events), tmp_path / "place.json"
    whole = MemoryLog()
    await replayed(path, whole)
    first = MemoryLog(breaks_after=1)
    with pytest.raises(LogUnavailableError):
        await replayed(path, first, place=place)
    second = MemoryLog()
    await replayed(path, second, place=place)
    # As if the process had been killed between the append and the note.
    assert second.batches[0] == whole.batches[1]
    interrupted = [*first.batches, second.batches[0], *second.batches]
    assert await Outputs().of(interrupted) == await Outputs().of(whole.batches)


async def test_a_gap_longer_than_a_week_is_still_vouched_for_after_an_interruption(tmp_path: Path):
    early = [bare(run(MONDAY)) for _ in range(BATCH - 1)]  # with their heartbeat, one batch
    path = write(tmp_path / "runs.jsonl", [*early, bare(run(MONDAY + 9 * 86_400))])
    whole = MemoryLog()
    await replayed(path, whole)
    first, place = MemoryLog(breaks_after=1), tmp_path / "place.json"
    with pytest.raises(LogUnavailableError):
        await replayed(path, first, place=place)
    second = MemoryLog()
    await replayed(path, second, place=place)
    assert first.batches + second.batches == whole.batches


async def test_blank_lines_do_not_shift_the_place_to_go_on_from(tmp_path: Path):
    lines = [line for n in range(BATCH + 10) for line in (bare(run(MONDAY)), b"")]
    path, place = write(tmp_path / "runs.jsonl", lines), tmp_path / "place.json"
    first = MemoryLog(breaks_after=1)
    with pytest.raises(LogUnavailableError):
        await replayed(path, first, place=place)
    second = MemoryLog()
    await replayed(path, second, place=place)
    assert len(first.ids + second.ids) == len({*first.ids, *second.ids}) == BATCH + 10


async def test_a_finished_replay_sends_no_event_again(tmp_path: Path):
    path, place = write(tmp_path / "flows.jsonl", by_flow()), tmp_path / "place.json"
    first, again = MemoryLog(), MemoryLog()
    await replayed(path, first, place=place)
    report = await replayed(path, again, place=place)
    assert (report.events, report.resumed_at, again.events) == (0, 120, [])
    assert again.heartbeats == first.heartbeats[-1:]


async def test_a_file_that_has_changed_starts_anew(tmp_path: Path):
    path, place = write(tmp_path / "flows.jsonl", by_flow(1)), tmp_path / "place.json"
    await replayed(path, MemoryLog(), place=place)
    path.write_bytes(
        path.read_bytes().replace(b'"started": 1', b'"started": 9')
    )  # as long as before
    log = MemoryLog()
    assert (await replayed(path, log, place=place)).resumed_at == 0
    assert len(log.events) == 40


@pytest.mark.parametrize("content", [b"", b"7", b"{}", b"\xff", b'{"of": [1, 2, 3], "mark": 4}'])
async def test_a_damaged_note_of_the_place_starts_anew(tmp_path: Path, content: bytes):
    (tmp_path / "place.json").write_bytes(content)
    log = MemoryLog()
    await replayed(write(tmp_path / "f.jsonl", by_flow()), log, place=tmp_path / "place.json")
    assert len(log.events) == 120


async def test_what_is_replayed_into_a_journal_is_there(tmp_path: Path):
    journal = await Journal.open(JournalSettings(path=tmp_path / "journal.db"))
    try:
        await replayed(write(tmp_path / "flows.jsonl", by_flow()), journal)
        records = await journal.read(0, after=None)
    finally:
        await journal.aclose()
    found = [e for record in records for e in json.loads(record.value or b"")]
    assert len([e for e in found if e["type"] == "cogent.flow.window"]) == 120
    assert batch_of(b"").headers == records[0].headers
    assert found[0]["time"] == iso(MONDAY)
