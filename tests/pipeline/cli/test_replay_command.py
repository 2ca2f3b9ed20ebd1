from __future__ import annotations

import csv
import gzip
import json
import math
import signal
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.make import MONDAY, Event, iso, run, window
from tests.pipeline.cli.command import Command, Finished, alone, started
from tests.pipeline.replay.recording import bare, write

STOPPED_AT = MONDAY + 50 * 3600
"""Just after a flow is old enough to be judged."""


class Backtested(NamedTuple):
    ended: Finished
    scores: list[dict[str, str]]


def stopped() -> list[Event]:
    """Two days of a busy flow, and an hour after it has stopped."""
    return [
        bare(window(at, runs={"started": started, "succeeded": started, "failed": 0}))
        for at in range(MONDAY, STOPPED_AT + 3600, 60)
        for started in [0 if at >= STOPPED_AT else 30 + round(5 * math.sin(at))]
    ]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("history") / "stopped.jsonl", stopped())


@pytest.fixture(scope="module")
def backtested(history: Path) -> Backtested:
    out = history.with_suffix(".csv")
    ended = alone("backtest", history, "--json", "--scores", out)
    with out.open(newline="") as file:
        return Backtested(ended, list(csv.DictReader(file)))


def test_a_backtest_prints_each_alert_as_one_json_object(backtested: Backtested):
    assert (backtested.ended.code, backtested.ended.err.strip()) == (0, "")
    first, *later = backtested.ended.objects
    assert (first["tenant"], first["flow_id"], first["status"]) == ("acme", "orders", "firing")
    assert first["starts_at"] >= iso(STOPPED_AT)
    revisions = [alert["revision"] for alert in (first, *later) if alert["id"] == first["id"]]
    assert revisions == list(range(len(revisions)))


def test_a_backtest_writes_a_row_of_scores_per_flow_window_and_signal(backtested: Backtested):
    assert list(backtested.scores[0]) == [
        "tenant", "flow_id", "window_start", "signal", "score", "observed", "expected",
    ]  # fmt: skip
    volume = {row["window_start"]: row for row in backtested.scores if row["signal"] == "volume"}
    assert len(volume) == len(stopped())
    assert volume[iso(MONDAY)]["observed"] == str(30 + round(5 * math.sin(MONDAY)))
    scores = {start: float(row["score"]) for start, row in volume.items()}
    assert max(score for start, score in scores.items() if start >= iso(STOPPED_AT)) > 1
    assert not any(score > 1 for start, score in scores.items() if start < iso(STOPPED_AT))


def test_a_backtest_tells_a_person_and_scores_by_the_budget(
    cogentai: Command, history: Path, backtested: Backtested
):
    ended = cogentai("backtest", history, "--budget", "20", "--scores", "out.csv")
    assert ended.code == 0
    assert "acme:orders" in ended.out
    assert "alerts on 1 of them." in ended.out.splitlines()[-1]
    with (cogentai.folder / "out.csv").open(newline="") as file:
        generous = list(csv.DictReader(file))
    assert highest(generous) > highest(backtested.scores)


def highest(scores: list[dict[str, str]]) -> float:
    return max(float(row["score"]) for row in scores if row["signal"] == "volume")


def test_a_backtest_reads_a_packed_table(cogentai: Command):
    rows = "".join(f"{iso(MONDAY + 60 * n)},{n % 7},0\n" for n in range(200))
    table = cogentai.folder / "kpi.csv.gz"
    table.write_bytes(gzip.compress(f"timestamp,value,label\n{rows}".encode()))
    ended = cogentai("backtest", table, "--map", "time=timestamp,runs.started=value")
    assert (ended.code, ended.out.strip()[:22]) == (0, "200 events of 1 flows:")


def test_a_column_the_table_does_not_have_is_named(cogentai: Command):
    (cogentai.folder / "kpi.csv").write_text("timestamp,value\n")
    ended = cogentai("backtest", "kpi.csv", "--map", "time=when,runs.started=value")
    assert (ended.code, "when" in ended.err) == (2, True)


def test_what_is_refused_is_told_with_its_line_and_ends_with_1(cogentai: Command):
    write(cogentai.folder / "runs.jsonl", [run(MONDAY), b"{[/nonsense]", run(MONDAY, "[/done]")])
    for command in ("backtest", "replay"):
        ended = cogentai(command, "runs.jsonl")
        assert ended.code == 1
        assert "line 2: the input is not JSON" in ended.err
        assert "line 3: data.state must be" in ended.err


def test_what_the_engine_refuses_is_told_too(cogentai: Command):
    write(cogentai.folder / "hours.jsonl", [window(MONDAY, seconds=3600, runs={"started": 4})])
    ended = cogentai("backtest", "hours.jsonl")
    assert ended.code == 1
    assert "window_width: data.seconds must be 60" in ended.err


@pytest.mark.parametrize("command", ["backtest", "replay"])
def test_a_damaged_file_is_told_and_ends_with_1(cogentai: Command, command: str):
    whole = gzip.compress(json.dumps(run(MONDAY)).encode())
    (cogentai.folder / "runs.jsonl.gz").write_bytes(whole[:-9])
    ended = cogentai(command, "runs.jsonl.gz")
    assert (ended.code, "damaged" in ended.err) == (1, True)


def test_scores_that_cannot_be_written_are_told(cogentai: Command, history: Path):
    ended = cogentai("backtest", history, "--scores", "no/such/folder/out.csv")
    assert (ended.code, "out.csv" in ended.err) == (1, True)


# replay


def test_a_replay_reports_as_one_json_object(cogentai: Command, history: Path):
    ended = cogentai("replay", history, "--json")
    assert (ended.code, ended.objects) == (
        0, [{"events": len(stopped()), "refused": 0, "resumed_at": 0}],
    )  # fmt: skip


def test_a_replay_done_before_says_so_and_begins_anew_when_asked(cogentai: Command):
    write(cogentai.folder / "runs.jsonl", [run(MONDAY), run(MONDAY + 60)])
    assert cogentai("replay", "runs.jsonl").out == "2 events replayed; 0 lines refused.\n"
    assert "--restart" in cogentai("replay", "runs.jsonl").out
    assert cogentai("replay", "runs.jsonl", "--restart").out.startswith("2 events replayed")


def test_a_strict_replay_stops_at_the_first_bad_line(cogentai: Command):
    write(cogentai.folder / "runs.jsonl", [run(MONDAY), run(MONDAY, "done"), b"{"])
    ended = cogentai("replay", "runs.jsonl", "--strict")
    assert (ended.code, ended.out) == (1, "")
    assert "line 2" in ended.err
    assert "line 3" not in ended.err


def test_a_replay_that_is_stopped_goes_on_with_the_same_command(cogentai: Command):
    write(cogentai.folder / "runs.jsonl", [run(MONDAY), run(MONDAY + 2), run(MONDAY + 86_400)])
    place = cogentai.folder / ".run" / "replay" / "runs.jsonl.journal.json"
    with started("replay", "runs.jsonl", "--speed", "20") as process:
        while not (place.exists() and json.loads(place.read_text())["mark"][0] == 2):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert "the same command goes on from here" in err
    ended = cogentai("replay", "runs.jsonl", "--json")
    assert ended.objects == [{"events": 1, "refused": 0, "resumed_at": 2}]


def test_what_is_replayed_raises_alerts_in_a_running_engine(
    cogentai: Command, history: Path, backtested: Backtested
):
    expected = [alert["id"] for alert in backtested.ended.objects]
    assert expected
    assert cogentai("replay", history).code == 0
    with started("run") as engine:
        found: list[str] = []
        while len(found) < len(expected):
            assert engine.poll() is None
            found = [alert["id"] for alert in cogentai("alerts", "--json").objects]
        engine.send_signal(signal.SIGTERM)
        out, err = engine.communicate(timeout=20)
    assert found == expected
    assert (engine.returncode, "Traceback" in err) == (0, False)
    assert "events   POST http://127.0.0.1:" in out
    assert "acme:orders" in cogentai("alerts").out
