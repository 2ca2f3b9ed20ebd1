from __future__ import annotations

from copy import deepcopy
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from detectors.bank import FlowBank
from detectors.channels import SIGNALS
from detectors.columns import Verdict, Windows
from detectors.flows import Flows
from tests.detectors.world import DAY, Columns, minutes, play, week, window

LENGTH = 3 * DAY
JUDGED = 2 * DAY + 200
"""Some of it is judged: a flow is young for two days."""
WORLD = week(flows=6, days=4)


class History(NamedTuple):
    """What a bank made of the world, and its states after some minutes."""

    scores: dict[str, np.ndarray]
    states: dict[int, dict[str, np.ndarray]]

    def bank(self, minute: int) -> FlowBank:
        """A bank that goes on from there."""
        bank = FlowBank()
        bank.restore(deepcopy(self.states[minute]))
        return bank


@pytest.fixture(scope="module")
def history() -> History:
    bank, parts, states = FlowBank(), [], {}
    bank.grow(6)
    for start, stop in pairwise((0, 100, 2 * DAY, 2 * DAY + 7, LENGTH)):
        states[start] = deepcopy(bank.state())
        parts.append(play(bank, WORLD, start, stop))
    scores = {name: np.concatenate([part[name] for part in parts]) for name in SIGNALS}
    return History(scores, states | {LENGTH: bank.state()})


def assert_same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    for name, array in a.items():
        assert np.array_equal(array, b[name], equal_nan=True), name


def stepped(bank: FlowBank, rows: list[int], minute: int) -> dict[str, Verdict]:
    """Step some of the world's flows through one minute."""
    picked = np.array(rows)
    columns = Windows(*(column[picked] for column in window(WORLD, minute)))
    return bank.step(picked, *minutes(len(rows), minute), columns)


def test_every_signal_has_a_verdict_for_every_row() -> None:
    bank = FlowBank()
    bank.grow(6)
    verdicts = stepped(bank, list(range(6)), 0)
    assert tuple(verdicts) == SIGNALS
    assert all(len(column) == 6 for verdict in verdicts.values() for column in verdict)


def test_verdicts_are_in_double_precision() -> None:
    bank = FlowBank()
    bank.grow(6)
    for name, verdict in stepped(bank, list(range(6)), 0).items():
        kinds = [column.dtype.kind + str(column.dtype.itemsize) for column in verdict]
        assert kinds == ["f8"] * 6 + ["b1", "i8"] + ["f8"] * 2, name


def test_nothing_is_said_while_a_flow_is_young(history: History) -> None:
    assert all(np.all(each[: 2 * DAY] == 0) for each in history.scores.values())
    bank = history.bank(2 * DAY)
    assert bank.learning(np.arange(6)).all()
    play(bank, WORLD, 2 * DAY, 2 * DAY + 2)
    assert not bank.learning(np.arange(6)).any()


def test_the_same_windows_give_the_same_scores_whatever_comes_later(history: History) -> None:
    """No look-ahead: a stream cut short has the scores of the beginning of the whole."""
    cut = play(FlowBank(), WORLD, 0, JUDGED)
    assert_same(cut, {name: each[:JUDGED] for name, each in history.scores.items()})


@pytest.mark.parametrize("cut", [0, 100, 2 * DAY + 7])
def test_a_restored_bank_has_the_same_future_to_the_bit(history: History, cut: int) -> None:
    then = play(history.bank(cut), WORLD, cut, cut + 1400)
    assert_same(then, {name: each[cut : cut + 1400] for name, each in history.scores.items()})


def test_a_flow_among_others_is_judged_as_if_it_were_alone(history: History) -> None:
    alone: Columns = {name: column[:, 4:5] for name, column in WORLD.items()}
    by_itself = play(FlowBank(), alone, 0, JUDGED)
    for signal in SIGNALS[:-1]:  # the failure score is pooled over flows, by design
        assert np.array_equal(by_itself[signal][:, 0], history.scores[signal][:JUDGED, 4]), signal


def test_rows_may_be_stepped_in_groups() -> None:
    together, grouped = FlowBank(), FlowBank()
    together.grow(6)
    grouped.grow(6)
    for minute in range(2 * DAY, 2 * DAY + 400):
        whole = stepped(together, [0, 1, 2, 3, 4, 5], minute)
        for group in ([0, 2, 5], [1, 3, 4]):
            part = stepped(grouped, group, minute)
            for signal in SIGNALS[:-1]:
                for ours, theirs in zip(part[signal], whole[signal], strict=True):
                    assert np.array_equal(ours, theirs[group], equal_nan=True)


def test_new_flows_leave_the_others_as_they_were() -> None:
    grown, plain = FlowBank(), FlowBank()
    grown.grow(2)
    plain.grow(2)
    for minute in range(300):
        stepped(plain, [0, 1], minute)
        stepped(grown, [0, 1], minute)
        if minute == 100:
            grown.grow(50)
    assert_same(grown.flows.state(2), plain.flows.state(2))


def test_flows_that_come_one_by_one_find_room_most_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    monkeypatch.setattr(Flows, "reserve", lambda _, rows: made.append(rows))
    bank = FlowBank()
    for rows in range(1, 101):
        bank.grow(rows)
    assert made == [1, 2, 4, 8, 16, 24, 32, 40, 48, 56, 64, 72, 81, 91, 102]


def test_a_state_without_its_arrays_is_refused() -> None:
    with pytest.raises(ValueError, match="age"):
        FlowBank().restore({})


def test_memory_does_not_grow_with_time() -> None:
    bank = FlowBank()
    play(bank, WORLD, 0, 200)
    before = sum(array.nbytes for array in bank.state().values())
    play(bank, WORLD, 200, 2000)
    assert sum(array.nbytes for array in bank.state().values()) == before


def test_a_flow_costs_no_more_than_13_kilobytes() -> None:
    bank = FlowBank()
    bank.grow(1000)
    assert sum(array.nbytes for array in bank.state().values()) / 1000 < 13_000


def test_what_is_unknown_is_not_judged() -> None:
    bank = FlowBank()
    bank.grow(1)
    unknown = Windows(*(np.full(1, np.nan) for _ in Windows._fields))._replace(
        finished=np.zeros(1), records=np.zeros(1), duration_count=np.zeros(1)
    )
    for minute in range(3000):
        verdicts = bank.step(np.zeros(1, np.int64), *minutes(1, minute), unknown)
    assert all(np.isnan(verdicts[s].observed).all() for s in ("volume", "backlog", "latency"))
    assert all(verdict.score[0] == 0 for verdict in verdicts.values())


def test_time_that_nobody_watched_teaches_nothing_and_raises_nothing(history: History) -> None:
    bank = history.bank(LENGTH)
    rows = np.arange(6)
    for minute in range(LENGTH, LENGTH + 300):
        bank.skip(rows, *minutes(6, minute))
    scores = play(bank, WORLD, LENGTH + 300, LENGTH + 400)
    assert max(each.max() for each in scores.values()) <= 1.0


def test_a_threshold_must_be_positive() -> None:
    with pytest.raises(ValueError, match="threshold"):
        FlowBank(threshold=0)
