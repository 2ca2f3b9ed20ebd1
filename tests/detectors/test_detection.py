"""What the detectors are for: faults are found within minutes, and calm stays calm."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.bank import FlowBank
from tests.detectors.world import DAY, Columns, play, week

DAYS = 8
FAULT = 7 * DAY + 600
SIGNALS = ("volume", "errors", "missing", "latency", "backlog", "silence")
FLOWS = 16


def stop(c: Columns) -> None:
    c["volume"][FAULT : FAULT + 60] = 0


def drop(c: Columns) -> None:
    c["volume"][FAULT : FAULT + 120] *= 0.4


def surge(c: Columns) -> None:
    c["volume"][FAULT : FAULT + 60] *= 2


def burst(c: Columns) -> None:
    c["error"][FAULT : FAULT + 20] = 0.3


def slowdown(c: Columns) -> None:
    c["log_ms"][FAULT : FAULT + 60] += np.log(2)


def creep(c: Columns) -> None:
    c["log_ms"][FAULT : FAULT + 180] += np.linspace(0, np.log(2.2), 180)[:, None]


def pile_up(c: Columns) -> None:
    c["depth"][FAULT : FAULT + 60] += np.arange(60)[:, None] * 3


@pytest.fixture(scope="module")
def taught() -> tuple[FlowBank, Columns, dict[str, np.ndarray]]:
    world = week(FLOWS, DAYS)
    bank = FlowBank()
    scores = play(bank, world, 0, FAULT)
    return bank, world, scores


@pytest.mark.parametrize(
    ("fault", "signal", "within"),
    [
        (stop, "volume", 3),
        (drop, "volume", 20),
        (surge, "volume", 10),
        (burst, "errors", 5),
        (slowdown, "latency", 10),
        (creep, "latency", 90),
        (pile_up, "backlog", 15),
    ],
)
def test_a_fault_is_found(taught: tuple, fault, signal: str, within: int) -> None:
    bank, _, _ = taught
    world = week(FLOWS, DAYS, change=fault)
    disturbed = FlowBank()
    disturbed.restore({name: array.copy() for name, array in bank.state().items()})
    scores = play(disturbed, world, FAULT, FAULT + 180)[signal]
    found = [np.flatnonzero(flow > 1)[0] if (flow > 1).any() else 10_000 for flow in scores.T]
    assert np.median(found) <= within
    assert sum(f < 10_000 for f in found) >= 0.8 * FLOWS


def test_calm_flows_raise_few_alarms(taught: tuple) -> None:
    """Five days after warm-up: the promise is one a flow-week, so about twelve."""
    _, _, scores = taught
    worst = np.max([scores[signal] for signal in SIGNALS], axis=0)
    alarms = 0
    for flow in worst.T:
        hot = np.flatnonzero(flow > 1)
        alarms += len(hot) and 1 + int((np.diff(hot) > 30).sum())
    weeks = FLOWS * (FAULT / DAY - 2) / 7
    assert alarms / weeks < 2.0


def test_an_outage_does_not_become_the_new_normal(taught: tuple) -> None:
    bank, _, _ = taught
    again = FlowBank()
    again.restore({name: array.copy() for name, array in bank.state().items()})

    def long_stop(c: Columns) -> None:
        c["volume"][FAULT : FAULT + 600] = 0

    scores = play(again, week(FLOWS, DAYS, change=long_stop), FAULT, FAULT + 240)["volume"]
    assert (scores[200] > 1).mean() >= 0.5


def test_the_verdict_says_what_was_seen_and_what_was_expected(taught: tuple) -> None:
    from tests.detectors.world import minutes, window

    bank, world, _ = taught
    again = FlowBank()
    again.restore({name: array.copy() for name, array in bank.state().items()})
    rows = np.arange(FLOWS)
    verdicts = again.step(rows, *minutes(FLOWS, FAULT), window(world, FAULT))
    volume = verdicts["volume"]
    assert np.array_equal(volume.observed, world["volume"][FAULT])
    assert np.all((volume.lower <= volume.expected) & (volume.expected <= volume.upper))
    assert np.median(np.abs(volume.expected / world["volume"][FAULT] - 1)) < 0.3
    latency = verdicts["latency"]
    assert np.median(latency.expected) == pytest.approx(np.exp(6.0), rel=0.1)
