"""Missing and late runs: what is found, how soon, and how many false alarms a flow-week.

Flows of every cadence (every five minutes to weekly, jittered, drifting, office hours) lose runs
or start them late; flows whose runs come by chance must stay quiet. An alarm is a score above 1
after 30 quiet minutes; it finds a fault if it comes before the next run has.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.rhythm.cadences import KINDS, Flow, flow
from benchmarks.rhythm.judge import Found, found, scores, total

SIGNALS = ("silence", "silence or volume")


def measure(given: argparse.Namespace, console: Console) -> dict[tuple[str, str], Found]:
    """Score all flows; return what was found, by kind and signal."""
    flows: list[Flow] = [
        flow(name, given.weeks, 1000 * given.seed + 50 * i + j)
        for i, name in enumerate(KINDS)
        for j in range(given.flows)
    ]
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("judging runs", total=given.weeks * 7)
        by_signal = scores(flows, given.weeks, lambda: progress.update(task, advance=1))
    by_signal["silence or volume"] = np.maximum(by_signal["silence"], by_signal["volume"])
    return {
        (name, signal): total(
            [
                found(f, by_signal[signal][:, i], given.weeks)
                for i, f in enumerate(flows)
                if f.kind == name
            ]
        )
        for name in KINDS
        for signal in SIGNALS
    }


def row(result: Found) -> dict[str, float | None]:
    """The figures of one kind."""
    delays = result.delays
    return {
        "faults": result.faults,
        "recall": round(len(delays) / result.faults, 3) if result.faults else None,
        "median_minutes": round(float(np.median(delays)), 1) if delays else None,
        "p90_minutes": round(float(np.quantile(delays, 0.9)), 1) if delays else None,
        "false_alarms_a_flow_week": round(result.false / result.weeks, 3),
    }


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        "benchmarks.rhythm",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--flows", type=int, default=6, help="of each kind; default: %(default)s")
    parser.add_argument("--weeks", type=int, default=12, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args()
    results = measure(given, Console(stderr=True))
    if given.json:
        for (name, signal), result in results.items():
            print(json.dumps({"kind": name, "signal": signal} | row(result)))
        return
    table = Table("cadence", "signal", "faults", "recall", "median min", "90 % min", "false/wk")
    for (name, signal), result in results.items():
        table.add_row(
            name, signal, *(str(v) if v is not None else "" for v in row(result).values())
        )
    Console().print(table)


if __name__ == "__main__":
    main()
