"""Cold start: a young flow is judged on gross faults by what grown flows have shown."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.bank import FlowBank
from detectors.calibration import WARM_UP
from detectors.channels import COUNTED
from detectors.cold_start import EARLY, LEAST, SILENCE
from detectors.columns import Windows
from schemas.signals import SignalName

GROWN = 4 * WARM_UP
GROWN_UP, YOUNG = np.arange(LEAST), LEAST
ALL = np.arange(LEAST + 1)


def bank(grown: int = LEAST) -> FlowBank:
    """Flows that have long been watched, with a share of failures of 2 %, and room for one more."""
    made = FlowBank()
    made.grow(LEAST + 1)
    state = {name: array.copy() for name, array in made.state().items()}
    state["age"][:grown] = GROWN + 1
    volume = slice(0, LEAST * len(COUNTED), len(COUNTED))
    state["counts.age"][volume] = state["counts.seasonality.age"][volume] = GROWN + 1
    state["counts.seasonality.mean"][volume] = 5
    state["shares.hits"][0, :LEAST] = 2
    state["shares.alpha"][0, :LEAST] = 0.1
    state["calibration.u"][:, :LEAST] = 1.5
    made.restore(state)
    return made


def step(target: FlowBank, minute: int, volume: float = 5, failed: float = 0) -> dict:
    unknown = Windows(*np.full((len(Windows._fields), len(ALL)), np.nan))
    volumes = np.full(len(ALL), 5.0)
    volumes[YOUNG] = volume
    windows = unknown._replace(
        volume=volumes,
        finished=volumes,
        failed=np.where(ALL == YOUNG, failed, 0.0),
        duration_count=np.zeros(len(ALL)),
    )
    now = np.full(len(ALL), minute)
    return target.step(ALL, now, now + 5, windows)


def live(target: FlowBank, windows: int) -> float:
    """Let ordinary windows pass; return the young flow's highest score."""
    verdicts = [step(target, minute, failed=minute % 50 == 0) for minute in range(windows)]
    return max(v.score[YOUNG] for each in verdicts for v in each.values())


def alarm_after(
    target: FlowBank, signal: SignalName, since: int, within: int, **fault: float
) -> int | None:
    scores = (step(target, since + n, **fault)[signal].score[YOUNG] for n in range(within))
    return next((n for n, score in enumerate(scores) if score > 1), None)


def test_half_of_the_runs_failing_is_seen_after_three_hours() -> None:
    target = bank()
    assert live(target, EARLY + 20) < 1
    found = alarm_after(target, "errors", EARLY + 20, within=20, failed=2.5)
    assert found is not None


def test_the_stop_of_a_busy_flow_is_seen_after_four_hours() -> None:
    target = bank()
    assert live(target, SILENCE + 20) < 1
    found = alarm_after(target, "silence", SILENCE + 20, within=30, volume=0)
    assert found is not None


@pytest.mark.parametrize("signal", ["errors", "silence"])
def test_without_enough_grown_flows_nothing_is_judged_early(signal: SignalName) -> None:
    target = bank(grown=LEAST - 1)
    live(target, SILENCE + 20)
    assert alarm_after(target, signal, SILENCE + 20, 30, volume=0, failed=2.5) is None


def test_what_is_judged_early_is_still_said_to_be_learned() -> None:
    target = bank()
    live(target, EARLY + 20)
    assert target.learning(ALL).tolist() == [False] * LEAST + [True]
    assert EARLY < WARM_UP


def test_flows_of_its_own_kind_come_first() -> None:
    target = FlowBank()
    target.grow(2 * LEAST + 1)
    state = {name: array.copy() for name, array in target.state().items()}
    state["age"][: 2 * LEAST] = GROWN + 1
    state["shares.hits"][0, :LEAST], state["shares.hits"][0, LEAST : 2 * LEAST] = 1, 20
    target.restore(state)
    for row in range(LEAST, 2 * LEAST + 1):
        target.describe(row, 5)
    rows = np.array([2 * LEAST])
    nothing = Windows(*np.full((len(Windows._fields), 1), np.nan))
    zero = np.zeros(1)
    target.step(rows, rows, rows, nothing._replace(finished=zero, failed=zero, duration_count=zero))
    after = target.state()
    assert after["shares.hits"][0, -1] / after["shares.total"][0, -1] == pytest.approx(0.2)


def test_a_restored_bank_judges_its_young_flow_the_same() -> None:
    target, again = bank(), FlowBank()
    live(target, EARLY)
    again.restore(target.state())
    for n in range(30):
        one, other = (step(b, EARLY + n, failed=3) for b in (target, again))
        assert all(np.array_equal(one[s].score, other[s].score) for s in one)
