"""Schedules whose runs come in pages, run by run and without faults: every alert is a false alarm.

The demo's flows that run every 5, 15 and 60 minutes: one run, and as many further pages as there is
to do, which differs by the time of day. One time in ten they come a minute late. The engine reads
every run's beginning and end, as a collector tells them; the first two days are for learning.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import track
from rich.table import Table

from pipeline.engine.engine import Engine
from pipeline.log.base import BATCH_CONTENT_TYPE, Record
from pipeline.settings import EngineSettings
from pipeline.simulator.retailer import FLOWS
from pipeline.simulator.scenario import Scenario
from schemas.alerts import Alert

START = datetime(2026, 3, 2, tzinfo=UTC)
BATCH = (("content-type", BATCH_CONTENT_TYPE),)
PAGED = [flow for flow in FLOWS if flow.cadence and flow.cadence.every <= 60]
LEARNED_DAYS = 2


def measure(days: int, seed: int) -> Counter[tuple[str, str]]:
    """Return how many alerts there were, by name of the flow and signal."""
    live = {"history_days": 1 / 24, "live_hours": 24 * days}
    scenario = Scenario.draw(START, **live, profiles=PAGED, seed=seed)
    engine, offset = Engine(EngineSettings()), 0
    raised: Counter[tuple[str, str]] = Counter()
    for stretch in track(scenario.runs(), f"seed {seed}", 1440 * days, transient=True):
        for body in stretch.bodies:
            for said in engine.apply(Record(0, offset, None, body, BATCH)):
                if isinstance(said, Alert) and said.revision == 0:
                    raised[scenario.name(said.flow_id or ""), said.signal] += 1
            offset += 1
    return raised


def main() -> None:
    """Measure, and print how often each signal of each flow was wrong."""
    parser = argparse.ArgumentParser(
        "benchmarks.rhythm.pages",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--days", type=int, default=28, help="default: %(default)s")
    parser.add_argument("--seeds", default="1,2", help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    seeds = [int(seed) for seed in given.seeds.split(",")]
    weeks = len(seeds) * (given.days - LEARNED_DAYS) / 7
    raised = sum((measure(given.days, seed) for seed in seeds), Counter[tuple[str, str]]())
    a_week = {flow.name: 0.0 for flow in PAGED}
    for (name, _), n in raised.items():
        a_week[name] += round(n / weeks, 2)
    if given.json:
        print(json.dumps({"false alarms a week": a_week}))
        return
    table = Table("flow", "false alarms a week", "of them")
    for name, rate in a_week.items():
        of = (f"{signal} {n}" for (flow, signal), n in raised.most_common() if flow == name)
        table.add_row(name, f"{rate:.2f}", ", ".join(of))
    Console().print(table)


if __name__ == "__main__":
    main()
