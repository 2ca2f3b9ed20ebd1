"""Small simulated flows for tests: a daily rhythm, and what a test does to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detectors.bank import FlowBank
from detectors.columns import Windows

DAY = 1440

Columns = dict[str, np.ndarray]
Change = Callable[[Columns], None]


def week(
    flows: int, days: int, rate: float = 30.0, seed: int = 3, change: Change = lambda _: None
) -> Columns:
    """Windows of some flows, arrays of shape (minutes, flows); ``change`` may disturb them."""
    rng = np.random.default_rng(seed)
    minute = np.arange(days * DAY)[:, None]
    rhythm = 1 + 0.7 * np.sin(2 * np.pi * (minute / DAY - 0.3))
    size = rate * np.exp(rng.uniform(-0.7, 0.7, flows))
    columns: Columns = {
        "volume": rng.poisson(size * rhythm).astype(float),
        "log_ms": np.full((days * DAY, flows), 6.0),
        "error": np.full((days * DAY, flows), 0.01),
        "depth": rng.poisson(3.0, (days * DAY, flows)).astype(float),
    }
    change(columns)
    n = columns["volume"].astype(int)
    noise = rng.normal(size=n.shape) * 0.5 / np.sqrt(np.maximum(n, 1))
    columns["failed"] = rng.binomial(n, columns["error"]).astype(float)
    columns["missing"] = rng.binomial(n, 0.01).astype(float)
    columns["duration"] = np.where(n > 0, columns["log_ms"] + noise, np.nan)
    return columns


def window(columns: Columns, minute: int) -> Windows:
    """One minute of all flows as the detectors are fed."""
    volume = columns["volume"][minute]
    zero, unknown = np.zeros(len(volume)), np.full(len(volume), np.nan)
    return Windows(
        volume=volume,
        finished=volume,
        failed=columns["failed"][minute],
        partial=zero,
        warnings=zero,
        retries=zero,
        records=volume,
        checked=volume,
        duplicates=zero,
        missing=columns["missing"][minute],
        duration_count=volume,
        duration_log=columns["duration"][minute],
        wait_count=zero,
        wait_log=unknown,
        queue_depth=columns["depth"][minute],
        overdue=unknown,
    )


def minutes(rows: int, minute: int) -> tuple[np.ndarray, np.ndarray]:
    """The local minute of the week of a window, and of the one five later."""
    return np.full(rows, minute % 10_080), np.full(rows, (minute + 5) % 10_080)


def play(bank: FlowBank, columns: Columns, start: int, stop: int) -> dict[str, np.ndarray]:
    """Step a bank through some minutes; return the scores by signal, shape (minutes, flows)."""
    rows = np.arange(columns["volume"].shape[1])
    bank.grow(len(rows))
    scores: dict[str, list[np.ndarray]] = {}
    for minute in range(start, stop):
        verdicts = bank.step(rows, *minutes(len(rows), minute), window(columns, minute))
        for signal, verdict in verdicts.items():
            scores.setdefault(signal, []).append(verdict.score)
    return {signal: np.array(each) for signal, each in scores.items()}
