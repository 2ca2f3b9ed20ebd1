"""The scorecard: what counts as found, as missed and as false."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from pipeline.simulator.faults import Fault
from pipeline.simulator.scorecard import Scorecard, blame, score
from schemas.alerts import Alert

from .tiny_engine import START, firing

STOP = Fault("stop", "orders", START + timedelta(hours=1), 30, 1.0, "webhook deleted")
CREEP = Fault("latency creep", "stock", START + timedelta(hours=4), 60, 2.0, "slow index")


def after(minutes: float):
    """Return an instant so long after the stop began."""
    return STOP.start + timedelta(minutes=minutes)


def scored(*alerts: Alert, hours: float = 8) -> Scorecard:
    return score([STOP, CREEP], alerts, START, START + timedelta(hours=hours))


def test_an_onset_within_the_fault_finds_it():
    card = scored(firing("orders", after(2), told=after(3)))
    assert card.findings[0].outcome == "found"
    assert card.findings[0].minutes == 3
    assert card.false == []


@pytest.mark.parametrize("minutes", [0, 30, 40])
def test_an_onset_from_the_start_to_ten_minutes_after_the_end_finds_it(minutes: float):
    assert scored(firing("orders", after(minutes))).count("found") == 1


@pytest.mark.parametrize("minutes", [40.1, 90])
def test_a_later_onset_within_the_hour_is_neither_found_nor_false(minutes: float):
    card = scored(firing("orders", after(minutes)))
    assert card.findings[0].outcome == "missed"
    assert card.false == []


@pytest.mark.parametrize("minutes", [-1, 90.1, 150])
def test_an_onset_outside_is_false_and_finds_nothing(minutes: float):
    alert = firing("orders", after(minutes))
    card = scored(alert)
    assert card.findings[0].outcome == "missed"
    assert card.false == [alert]


def test_an_alert_of_another_flow_is_false():
    card = scored(firing("refunds", after(2)))
    assert len(card.false) == 1
    assert card.count("found") == 0


def test_an_alert_that_was_firing_before_the_fault_does_not_find_it():
    early = firing("orders", after(-5))
    joined = early.model_copy(update={"revision": 1, "updated_at": after(5)})
    card = scored(early, joined)
    assert card.findings[0].outcome == "missed"
    assert card.false == [early]


def test_two_alerts_of_one_fault_count_once_and_the_first_decides():
    card = scored(firing("orders", after(20)), firing("orders", after(4), told=after(6)))
    assert card.count("found") == 1
    assert card.findings[0].minutes == 6
    assert card.findings[0].repeats == 1
    assert card.false == []


def test_revisions_of_an_alert_are_one_alert():
    first = firing("orders", after(2), told=after(3))
    over = first.model_copy(update={"revision": 1, "status": "resolved", "updated_at": after(60)})
    card = scored(first, over)
    assert card.findings[0].minutes == 3
    assert card.findings[0].repeats == 0


def test_faults_that_had_not_begun_when_it_was_stopped_are_left_out():
    assert [finding.fault for finding in scored(hours=3).findings] == [STOP]


def test_a_fault_that_may_still_be_found_is_open():
    card = scored(hours=1.5)
    assert card.findings[0].outcome == "open"
    assert card.count("missed") == 0


def test_alerts_from_before_the_live_part_do_not_count():
    assert scored(firing("orders", START - timedelta(hours=1))).false == []


def test_the_median_is_over_the_faults_found():
    late = CREEP.start + timedelta(minutes=20)
    card = scored(firing("orders", after(1), told=after(2)), firing("stock", late, told=late))
    assert card.median_minutes == 11
    assert scored().median_minutes is None


def test_an_alert_in_the_aftermath_is_blamed_on_the_fault():
    assert blame(firing("orders", after(60)), [STOP, CREEP]) is STOP
    assert blame(firing("orders", after(-60)), [STOP, CREEP]) is None


def test_it_is_json():
    card = scored(firing("orders", after(2), told=after(3)), firing("refunds", after(2)))
    told = json.loads(json.dumps(card.as_dict()))
    assert {key: told[key] for key in ("found", "missed", "open", "false")} == {
        "found": 1,
        "missed": 1,
        "open": 0,
        "false": 1,
    }
    assert told["faults"][0]["minutes_to_detect"] == 3
    assert told["faults"][1]["minutes_to_detect"] is None
