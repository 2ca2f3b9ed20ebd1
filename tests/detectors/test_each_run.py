"""Run against run: one run of a flow with few is judged beside those before it."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.each_run import HOLD, EachRun, Runs
from detectors.state import Rows
from schemas.signals import SignalName

ROW = Rows.of(np.array([0]))
NIGHT = 1440
ORDINARY = {"records": 500.0, "seconds": 60.0, "bad": 0.0}


class Flow:
    """A flow that runs every so many windows, with some noise from run to run."""

    def __init__(self, every: int = NIGHT, noise: float = 0.1) -> None:
        self.runs = EachRun()
        self.runs.reserve(1)
        self.now = 0
        self._every, self._noise = every, noise
        self._rng = np.random.default_rng(1)

    def window(self, **run: float) -> dict[SignalName, float]:
        """Pass one window, in which a run may end."""
        given = ORDINARY | run
        noise = np.exp(self._rng.normal(0, self._noise, 2))
        records, seconds = (np.array([given[k]]) for k in ("records", "seconds"))
        ended = np.array([run.get("ended", 1.0) if run else 0.0])
        told = Runs(
            ended, given["bad"] * ended, np.rint(records * noise[0]), np.log(seconds * noise[1])
        )
        judged = self.runs.step(ROW, np.array([self.now % 10_080]), told)
        self.now += 1
        return {name: float(each.verdict(5.0).score[0]) for name, each in judged.items()}

    def night(self, **run: float) -> dict[SignalName, float]:
        """Pass the time to the next run; return what is said when that has ended."""
        for _ in range(self._every - 1):
            self.runs.since += 1
            self.now += 1
        return self.window(**(ORDINARY | run))


def lived(nights: int = 20, **changes: float) -> Flow:
    flow = Flow(**changes)
    said = [flow.night() for _ in range(nights)]
    assert max(score for each in said for score in each.values()) < 1
    return flow


@pytest.mark.parametrize("records", [0.0, 230.0, 1500.0])
def test_a_nightly_run_of_another_size_is_told(records: float) -> None:
    assert lived().night(records=records)["records"] > 1


def test_a_run_of_twice_the_duration_is_told_and_one_of_half_is_not() -> None:
    assert lived().night(seconds=130)["latency"] > 1
    assert lived().night(seconds=28)["latency"] == 0


def test_a_run_that_ends_badly_is_told_where_none_did() -> None:
    assert lived().night(bad=1)["errors"] > 1


def test_hourly_runs_must_end_badly_twice_in_a_row() -> None:
    flow = lived(100, every=60)
    assert flow.night(bad=1)["errors"] < 1
    assert flow.night(bad=1)["errors"] > 1


def test_a_few_bad_runs_of_many_at_once_are_no_news() -> None:
    batch = EachRun()
    batch.reserve(1)
    share = np.random.default_rng(2).binomial(30, 0.02, 500).astype(float)
    for n, bad in enumerate(share):
        batch.since += 14
        runs = Runs(np.array([30.0]), bad[None], np.array([np.nan]), np.array([np.nan]))
        judged = batch.step(ROW, np.array([15 * n % 10_080]), runs)
        assert judged["errors"].evidence[0] < 5


def test_a_noisy_flow_is_given_more_room() -> None:
    flow = Flow(noise=0.6)
    scores = [flow.night(records=230 if night % 10 == 9 else 500)["records"] for night in range(80)]
    assert sum(score > 1 for score in scores) <= 2


def test_a_new_size_is_accepted_after_some_nights() -> None:
    flow = lived()
    scores = [flow.night(records=1500)["records"] for _ in range(12)]
    assert scores[0] > 1
    assert max(scores[4:]) < 1


def test_a_busy_flow_is_left_to_its_sums() -> None:
    assert lived(200, every=3).night(records=50)["records"] == 0


def test_a_flow_that_runs_once_and_now_twice_at_a_time_is_told() -> None:
    assert lived().night(ended=2)["volume"] > 1


def test_a_frequent_flow_must_run_twice_several_times_in_a_row() -> None:
    flow = lived(100, every=15)
    assert flow.night(ended=2)["volume"] < 1
    assert flow.night(ended=2)["volume"] > 1


def test_many_runs_at_once_are_not_counted_as_twice() -> None:
    flow = Flow()
    assert max(flow.night(ended=20 + night % 20)["volume"] for night in range(80)) == 0


def test_a_flow_with_one_page_at_night_and_several_by_day_does_not_run_twice() -> None:
    flow, rng = Flow(every=5), np.random.default_rng(1)
    pages = [1 + rng.poisson(0.2 if tick % 288 < 96 else 2) for tick in range(5 * 288)]
    assert max(flow.night(ended=n)["volume"] for n in pages) == 0


def test_an_outage_hardly_excuses_the_next() -> None:
    flow = lived(40)
    first = flow.night(bad=1)["errors"]
    for _ in range(10):
        flow.night()
    assert 1 < flow.night(bad=1)["errors"] < first


def test_a_verdict_stands_for_a_while() -> None:
    flow = lived()
    said = flow.night(records=100)["records"]
    for _ in range(HOLD - 1):
        assert flow.window()["records"] == said
    assert flow.window()["records"] == 0


def test_a_day_of_the_week_may_have_its_own_size() -> None:
    flow = Flow()
    for day in range(7 * 8):
        said = flow.night(records=500 if day % 7 < 5 else 5000)
        assert day < 30 or said["records"] < 1


def test_state_is_small() -> None:
    runs = EachRun()
    runs.reserve(1)
    assert sum(array.nbytes for array in runs.state(1).values()) <= 300
