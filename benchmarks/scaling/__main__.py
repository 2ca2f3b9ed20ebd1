"""A million flows over 256 partitions: how even, how large, and how soon back. A simulation.

Every flow's key is hashed to its partition as Kafka's clients do it. Flows belong to tenants of
very unequal size, and their rates are as unequal: most run a few times an hour, a few many times a
minute. The partitions with most, middling and fewest flows are then played on a real engine, each
in a process of its own, where a snapshot is taken and taken up again. Only these are measured; what
is said of a cluster is reckoned from the largest of them, and called so. The ids of recent events
come on top: see benchmarks.memory. About a minute and a half.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.scaling.play import play
from benchmarks.scaling.population import Balance, Floats, places, population
from benchmarks.throughput.report import machine


def sampled(flows: Floats) -> list[int]:
    """Return the partitions with most, middling and fewest flows."""
    order = np.argsort(flows, kind="stable")
    return [int(order[-1]), int(order[len(order) // 2]), int(order[0])]


def reckoned(
    played: list[dict[str, float]], given: argparse.Namespace, worker_gb: float
) -> dict[str, float]:
    """Reckon a cluster from the heaviest of the partitions that were played."""
    heaviest = played[0]
    a_worker = max(int(1000 * worker_gb / heaviest["resident_mb"]), 1)
    return {
        "kb_a_flow": 1000 * heaviest["resident_mb"] / heaviest["flows"],
        "partitions_a_worker_by_memory": a_worker,
        "workers_by_memory": -(-given.partitions // a_worker),
        "cluster_resident_gb": given.partitions * heaviest["resident_mb"] / 1000,
        "checkpoints_gb_before_compression": given.partitions * heaviest["snapshot_mb"] / 1000,
        "cluster_outputs_mb_per_s": given.flows * heaviest["outputs_kb_a_flow_and_minute"] / 60_000,
        "restore_s_a_worker": a_worker * heaviest["restore_s"],
    }


def simulate(given: argparse.Namespace, console: Console) -> dict[str, object]:
    """Hash every flow, play a few partitions, reckon the rest."""
    conditions = machine()
    people = population(given.flows)
    with Progress(console=console, transient=True) as progress:
        hashing = progress.add_task("hashing keys", total=-(-given.flows // 1000))
        where = places(people, given.partitions, lambda: progress.advance(hashing))
        flows = np.bincount(where, minlength=given.partitions).astype(float)
        events = np.bincount(where, weights=people.rates, minlength=given.partitions)
        chosen = sampled(flows)
        playing = progress.add_task("playing partitions", total=len(chosen))
        played = []
        # a process each, where nothing else takes memory
        with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
            for number in chosen:
                mine = np.flatnonzero(where == number)
                keys = [people.key(flow) for flow in mine.tolist()]
                task = pool.submit(play, keys, people.rates[mine], number, given.minutes)
                played.append(task.result())
                progress.advance(playing)
    return {
        "flows_a_partition": asdict(Balance.of(flows)),
        "events_a_partition_and_minute": asdict(Balance.of(events)),
        "busiest_flow_events_per_minute": float(people.rates.max()),
        "events_per_s": float(people.rates.sum() / 60),
        "played": played,
        "reckoned": reckoned(played, given, given.worker_gb),
        "conditions": {
            **{n: getattr(given, n) for n in ("flows", "partitions", "minutes", "worker_gb")},
            **conditions,
        },
    }


def print_found(found: dict[str, object], console: Console) -> None:
    """Print tables for people."""
    for name in ("flows_a_partition", "events_a_partition_and_minute"):
        balance = found[name]
        assert isinstance(balance, dict)
        told = ", ".join(f"{k.replace('_', ' ')} {v:,.3f}" for k, v in balance.items())
        console.print(f"{name.replace('_', ' ')}: {told}", highlight=False)
    played = found["played"]
    assert isinstance(played, list)
    table = Table("measured, one partition", *(str(each["partition"]) for each in played))
    for name in played[0]:
        table.add_row(name.replace("_", " "), *(f"{each[name]:,.2f}" for each in played))
    console.print(table)
    for part in ("reckoned", "conditions"):
        values = found[part]
        assert isinstance(values, dict)
        for name, value in values.items():
            told = f"{value:,.2f}" if isinstance(value, float) else value
            console.print(f"{part}: {name.replace('_', ' ')}: {told}", highlight=False)


def main() -> None:
    """Simulate, and print what was found."""
    parser = argparse.ArgumentParser(
        "benchmarks.scaling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--flows", type=int, default=1_000_000, help="default: %(default)s")
    parser.add_argument("--partitions", type=int, default=256, help="default: %(default)s")
    parser.add_argument("--minutes", type=int, default=20, help="played; default: %(default)s")
    parser.add_argument("--worker-gb", type=float, default=1.0, help="memory of a worker")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    found = simulate(given, Console(stderr=True))
    if given.json:
        print(json.dumps(found))
    else:
        print_found(found, Console())


if __name__ == "__main__":
    main()
