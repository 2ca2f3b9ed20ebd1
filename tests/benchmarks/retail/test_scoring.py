"""What counts as found, and what as a false alarm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.retail.onsets import Rises, onsets
from benchmarks.retail.scoring import Scored, minutes_to_detect, recall
from benchmarks.retail.world import Flow
from tests.benchmarks.retail.worlds import WEEK, fault, scores, world


def test_a_score_that_stays_above_the_threshold_is_one_alarm():
    raised = onsets(Rises.of(scores(range(100, 500)), 0), 1.0)

    assert raised.minute.tolist() == [100]


def test_a_score_at_the_threshold_is_not_above_it():
    assert not len(onsets(Rises.of(scores(100, level=1.0), 0), 1.0).minute)


@pytest.mark.parametrize(("again", "alarms"), [(130, [100]), (131, [100, 131])])
def test_a_new_alarm_needs_thirty_quiet_minutes(again: int, alarms: list[int]):
    assert onsets(Rises.of(scores(100, again), 0), 1.0).minute.tolist() == alarms


def test_flows_are_quiet_each_for_itself():
    both = scores(100, flows=2)
    both[110, 1] = 2.0

    raised = onsets(Rises.of(both, 0), 1.0)

    assert list(zip(raised.flow.tolist(), raised.minute.tolist(), strict=True)) == [
        (0, 100),
        (1, 110),
    ]


@pytest.mark.parametrize(
    ("minute", "found", "false"),
    [
        (999, None, 1),
        (1000, 0, 0),
        (1060, 60, 0),
        (1070, 70, 0),
        (1071, None, 0),
        (1120, None, 0),
        (1121, None, 1),
    ],
)
def test_found_until_ten_minutes_after_false_from_sixty_minutes_after(
    minute: int, found: int | None, false: int
):
    outcome = Scored(world(fault(1000, 1060)), scores(minute)).at(1.0)

    assert outcome.findings[0].minutes == found
    assert outcome.false.sum() == false


def test_an_alarm_before_the_fault_that_lasts_into_it_finds_nothing():
    outcome = Scored(world(fault(1000, 1060)), scores(range(990, 1050))).at(1.0)

    assert outcome.findings[0].minutes is None
    assert outcome.false_a_week == 1


def test_a_fault_is_found_by_its_first_alarm_alone():
    outcome = Scored(world(fault(1000, 1200)), scores(1005, 1100)).at(1.0)

    assert outcome.findings[0].minutes == 5
    assert outcome.false_a_week == 0


def test_an_alarm_on_another_flow_finds_nothing_and_is_false():
    outcome = Scored(world(fault(1000, 1060, flow=1), flows=2), scores(1005, flows=2)).at(1.0)

    assert recall(outcome.findings) == 0
    assert outcome.false_a_week == 0.5


def test_an_alarm_in_an_echo_is_neither_true_nor_false():
    outcome = Scored(world(echoes=(fault(1000, 1060),)), scores(1005)).at(1.0)

    assert not outcome.findings
    assert outcome.false_a_week == 0


def test_alarms_in_the_warm_up_do_not_count():
    assert Scored(world(warm_up=2000), scores(1005)).at(1.0).false_a_week == 0


def test_a_flow_that_starts_later_is_watched_for_less_long():
    young = replace(world(), flows=(Flow("new", "steady", 5.0, born=WEEK // 2),))

    assert Scored(young, scores(WEEK - 5)).at(1.0).false_a_week == 2


def test_the_threshold_in_hindsight_is_the_lowest_that_keeps_the_budget():
    made = scores(1005)
    made[[3000, 5000, 7000], 0] = [1.5, 1.2, 0.8]

    for budget, threshold in ((0.5, 1.5), (1.0, 1.2), (2.0, 0.8)):
        outcome = Scored(world(fault(1000, 1060)), made).within(budget)
        assert outcome.threshold == pytest.approx(threshold)
        assert recall(outcome.findings) == 1


def test_of_no_faults_there_is_no_recall():
    assert np.isnan(recall([]))
    assert np.isnan(minutes_to_detect([]))


FAULTS = tuple(fault(start, start + 60) for start in range(600, WEEK, 700))


def test_an_alarm_that_is_always_on_finds_nothing():
    outcome = Scored(world(*FAULTS), scores(range(WEEK))).within(1.0)

    assert recall(outcome.findings) == 0


def test_an_alarm_that_is_on_but_for_every_half_hour_finds_little_within_the_budget():
    blinking = scores(range(WEEK))
    blinking[np.arange(WEEK) % 62 > 30] = 0.0

    assert recall(Scored(world(*FAULTS), blinking).within(1.0).findings) == 0


def test_a_random_score_finds_little_within_the_budget():
    drawn = np.random.default_rng(1).random((WEEK, 1)).astype(np.float32)

    assert recall(Scored(world(*FAULTS), drawn).within(1.0).findings) <= 0.2
