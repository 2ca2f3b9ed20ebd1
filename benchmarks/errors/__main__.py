"""Measure the reading of errors.

Cost: microseconds of processor time a line from text to verdict, and bytes of state a flow, for the
error texts of the simulated retailer. Alarms: in worlds whose errors are ordinary, alarms a
flow-week, which are all false; and how many of a new error's repeats within a day raise one.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from time import process_time

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.errors.worlds import BUDGET, DAY, LIMIT, WORLDS, Life, alarms, news, shift
from pipeline.engine.error_log import ErrorLog
from pipeline.engine.snapshot import dump
from pipeline.simulator.failures import failure_summary
from schemas import structs

SYSTEMS = ("Shopify", "NetSuite", "Peoplevox", "Klaviyo")
FLOWS = 40
REPEATS = (1, 2, 4, 8)
NEW = 9_999


@dataclass
class Cost:
    """Of one line, and of one flow."""

    us_per_line: float
    bytes_per_flow: float


@dataclass
class Alarms:
    """What one world raised: alarms a flow-week, and the share of new errors found by repeats."""

    world: str
    new_error: float
    error_mix: float
    found: dict[int, float]


def cost(lines: int) -> Cost:
    """Let lines of many flows pass through an error log, fifty lines a flow and window."""
    dice = np.random.default_rng(1)
    log = ErrorLog(60, BUDGET, LIMIT)
    log.grow(FLOWS)
    rows, window = np.arange(FLOWS), 50 * FLOWS
    events = [
        structs.FlowLog(
            run_id=f"run-{n}",
            flow_id="",
            level="ERROR",
            message=failure_summary(SYSTEMS[n % FLOWS % 4], dice),
            system=SYSTEMS[n % FLOWS % 4],
        )
        for n in range(lines)
    ]
    begin = process_time()
    for n, event in enumerate(events):
        log.log(n % FLOWS, n // window, event)
        if n % window == window - 1:
            log.judge(n // window, rows, log.take(n // window, rows), np.zeros(FLOWS, bool))
    passed = process_time() - begin
    return Cost(1e6 * passed / lines, len(dump(log.state())) / FLOWS)


def lived(world: int, seed: int, days: int, repeats: int = 0) -> tuple[list[int], list[int]]:
    """Live in a world; return when news and shifts alarmed once detectors had warmed up.

    With ``repeats``, a new error comes in the last day, hour after hour.
    """
    errors = {m: list(k) for m, k in WORLDS[world](np.random.default_rng(seed), days).items()}
    for hour in range(repeats):
        errors.setdefault((days - 1) * DAY + 60 * hour, []).append(NEW)
    judged = [(m, j) for m, j in Life().live(errors) if m >= 2 * DAY]
    return alarms((m, news(j)) for m, j in judged), alarms((m, shift(j)) for m, j in judged)


def in_world(world: int, seeds: int, days: int) -> Alarms:
    """Count alarms over some seeds."""
    lives = [lived(world, seed, days) for seed in range(seeds)]
    weeks = seeds * (days - 2) / 7
    found = {
        repeats: sum(
            any(m >= 40 * DAY for m in lived(world, seed, 41, repeats)[0]) for seed in range(seeds)
        )
        / seeds
        for repeats in REPEATS
    }
    return Alarms(
        WORLDS[world].__name__.replace("_", " "),
        sum(len(new) for new, _ in lives) / weeks,
        sum(len(mix) for _, mix in lives) / weeks,
        found,
    )


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.errors", description=__doc__)
    parser.add_argument("--seeds", type=int, default=8, help="lives of each world")
    parser.add_argument("--days", type=int, default=56, help="length of a life")
    parser.add_argument("--lines", type=int, default=40_000, help="lines to measure the cost of")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    spent = cost(given.lines)
    console = Console(stderr=True)
    worlds = [
        in_world(world, given.seeds, given.days)
        for world in track(range(len(WORLDS)), "worlds", console=console)
    ]
    if given.json:
        print(json.dumps({"cost": asdict(spent), "worlds": [asdict(each) for each in worlds]}))
        return 0
    table = Table("world", "new_error a week", "error_mix a week", *map(str, REPEATS), box=None)
    for each in worlds:
        shares = [f"{100 * share:.0f} %" for share in each.found.values()]
        table.add_row(each.world, f"{each.new_error:.2f}", f"{each.error_mix:.2f}", *shares)
    Console().print(table)
    print(f"{spent.us_per_line:.1f} us a line, {spent.bytes_per_flow:.0f} bytes a flow")
    return 0


if __name__ == "__main__":
    sys.exit(main())
