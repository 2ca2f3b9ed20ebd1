from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.make import MONDAY, Event, iso, window
from tests.pipeline.cli.command import Command, Finished, alone
from tests.pipeline.replay.recording import bare, write

STOPPED_AT = MONDAY + 74 * 3600
SPIKE_AT = MONDAY + 70 * 3600


def history(end: int = STOPPED_AT + 1800) -> list[Event]:
    """Three days of a busy flow, a spike, and half an hour after it has stopped."""
    started = [
        (at, 0 if at >= STOPPED_AT else 150 if at == SPIKE_AT else 30 + round(5 * math.sin(at)))
        for at in range(MONDAY, end, 60)
    ]
    return [bare(window(at, runs={"started": n, "succeeded": n, "failed": 0})) for at, n in started]


class Backtested(NamedTuple):
    ended: Finished
    folder: Path


@pytest.fixture(scope="module")
def backtested(tmp_path_factory: pytest.TempPathFactory) -> Backtested:
    """Everything at once."""
    folder = tmp_path_factory.mktemp("backtest")
    write(folder / "history.jsonl", history())
    known = {"flow": "orders", "start": iso(STOPPED_AT), "end": iso(STOPPED_AT + 1800)}
    (folder / "labels.json").write_text(json.dumps([known | {"kind": "stop"}]))
    ended = alone(
        "backtest", folder / "history.jsonl",
        "--budgets", "0.05,20", "--since", "2026-03-04T22:30",
        "--labels", folder / "labels.json",
        "--days", folder / "days.csv", "--scores", folder / "scores.csv",
        "--pictures", folder / "pictures",
    )  # fmt: skip
    return Backtested(ended, folder)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_it_says_what_each_budget_would_have_found(backtested: Backtested):
    out = backtested.ended.out

    assert (backtested.ended.code, "Alerts by budget" in out) == (0, True)
    assert [line for line in out.splitlines() if line.startswith("│ 1* ")]
    assert "1 of 1" in out
    assert out.splitlines()[-1].endswith("alerts on 1 of them.")


def test_days_are_written_by_budget(backtested: Backtested):
    days = rows(backtested.folder / "days.csv")
    own = [row for row in days if row["budget"] == "1.0"]

    assert {row["day"] for row in own} == {"2026-03-05"}
    assert sum(int(row["alerts"]) for row in own) == int(
        backtested.ended.out.splitlines()[-1].split(": ")[1].split()[0]
    )
    assert {row["budget"] for row in days} >= {"1.0", "20.0"}


def test_only_what_comes_after_the_start_is_reported_but_all_is_learned(backtested: Backtested):
    scores = rows(backtested.folder / "scores.csv")

    assert min(row["window_start"] for row in scores) == "2026-03-04T22:30:00Z"
    assert "2026-03-04" not in backtested.ended.out.split("Alerts by day")[0]


def test_every_flow_is_drawn(backtested: Backtested):
    page = backtested.folder / "pictures" / "index.html"

    assert "acme:orders" in page.read_text()
    assert (page.parent / "000-acme-orders.png").stat().st_size > 10_000
    assert "index.html" in backtested.ended.err


def test_nothing_is_read_beyond_the_end(cogentai: Command):
    write(cogentai.folder / "runs.jsonl", history(MONDAY + 7200))
    ended = cogentai("backtest", "runs.jsonl", "--until", "2026-03-02T01:00")

    assert (ended.code, ended.out.split(" events")[0]) == (0, "60")


def test_windows_may_be_wider(cogentai: Command):
    hours = [window(MONDAY + 3600 * n, seconds=3600, runs={"started": 4}) for n in range(30)]
    write(cogentai.folder / "hours.jsonl", hours)
    ended = cogentai("backtest", "hours.jsonl", "--window-seconds", "3600")

    assert (ended.code, ended.out.strip()[:21]) == (0, "30 events of 1 flows:")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--budgets", "0.5,none", "--budgets must be numbers from 0.05 to 20"),
        ("--budgets", "0", "--budgets must be numbers from 0.05 to 20"),
        ("--labels", "labels.json", "labels.json: Object missing required field `end`"),
    ],
)
def test_what_cannot_be_used_is_said(cogentai: Command, option: str, value: str, words: str):
    write(cogentai.folder / "runs.jsonl", history(MONDAY + 120))
    (cogentai.folder / "labels.json").write_text('[{"flow": "a", "start": "2026-03-02T10:00:00Z"}]')
    ended = cogentai("backtest", "runs.jsonl", option, value)

    assert (ended.code, words in ended.err.replace("\n", " ")) == (2, True)
