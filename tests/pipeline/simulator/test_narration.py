"""Narration: an alert in plain words, beside its cause."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from rich.console import Console

from pipeline.simulator.faults import Fault
from pipeline.simulator.narration import Narrator, scoreboard, verdict
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.scorecard import score
from schemas.alerts import Alert

from .tiny_engine import START, firing


class Told:
    """A narrator, and what it has said, on one line."""

    def __init__(self, scenario: Scenario) -> None:
        self._paper = io.StringIO()
        self.narrator = Narrator(Console(file=self._paper, width=100), scenario)

    def tell(self, alert: Alert) -> str:
        self._paper.truncate(self._paper.seek(0))
        self.narrator.alert(alert)
        return re.sub(r"\s+", " ", self._paper.getvalue()).strip()


@pytest.fixture
def told(scenario: Scenario) -> Told:
    return Told(scenario)


@pytest.fixture
def fault(scenario: Scenario) -> Fault:
    return scenario.faults[0]


def raised(fault: Fault, minutes: float, **more: object) -> Alert:
    return firing(fault.flow_id, fault.start + timedelta(minutes=minutes), **more)


def test_an_alert_has_its_clock_severity_summary_next_step_and_cause(told: Told, fault: Fault):
    alert = raised(fault, 2)
    assert told.tell(alert) == (
        f"{alert.updated_at:%a %H:%M} CRITICAL {alert.summary} "
        "No runs started in a minute, where about 12 are usual. "
        f"Next: Check the trigger. Cause: {fault.cause} Found 3 minutes after it began."
    )


def test_an_explanation_does_not_repeat_the_summary(told: Told, fault: Fault):
    words = "No runs started in a minute. In the last 24 hours: 900 runs."
    said = told.tell(raised(fault, 2, explanation=words))
    assert said.lower().count("no runs started in a minute") == 1
    assert "In the last 24 hours: 900 runs." in said


def test_a_further_alert_of_a_found_fault_says_so(told: Told, fault: Fault):
    told.tell(raised(fault, 2))
    assert told.tell(raised(fault, 9)).endswith("Found before: this is a further alert.")


def test_an_alert_in_the_aftermath_says_so(told: Told, fault: Fault):
    late = raised(fault, fault.minutes + 30)
    assert told.tell(late).endswith(f"Cause: {fault.cause} Raised in its aftermath.")


def test_an_alert_that_no_fault_explains_is_called_false(told: Told):
    assert told.tell(firing("refunds", START)).endswith("False alarm: nothing was injected here.")


def test_an_alert_that_gets_worse_is_told_again_in_one_line(told: Told, fault: Fault):
    alert = raised(fault, 2, severity="warning")
    told.tell(alert)
    worse = alert.model_copy(update={"revision": 1, "severity": "critical"})
    assert told.tell(worse) == f"{alert.updated_at:%a %H:%M} CRITICAL {alert.summary}"
    assert told.tell(worse.model_copy(update={"revision": 2})) == ""


def test_other_updates_are_not_told_but_the_end_is(told: Told, fault: Fault):
    alert = raised(fault, 2)
    told.tell(alert)
    assert told.tell(alert.model_copy(update={"revision": 1})) == ""
    end = alert.starts_at + timedelta(minutes=44)
    over = alert.model_copy(
        update={"revision": 2, "status": "resolved", "ends_at": end, "updated_at": end}
    )
    assert told.tell(over) == f"{end:%a %H:%M} resolved {fault.flow_id}, after 44 minutes"


def test_brackets_in_an_error_text_are_not_taken_for_markup(told: Told, fault: Fault):
    words = 'Latest error (run 1): "[red]userErrors[/red]".'
    assert words in told.tell(raised(fault, 2, explanation=words))


def test_the_verdict_counts_and_says_over_what(fault: Fault):
    found = score([fault], [raised(fault, 2)], START, START + timedelta(hours=28))
    assert verdict(found) == (
        "1 of 1 faults found, half of them within 3 minutes. 0 missed. 0 false alarms in 28 hours."
    )
    missed = score([fault], [firing("refunds", START)], START, START + timedelta(hours=28))
    assert verdict(missed) == "0 of 1 faults found. 1 missed. 1 false alarm in 28 hours."


def test_the_scoreboard_shows_what_became_of_each_fault(scenario: Scenario, fault: Fault):
    def shown(*alerts: Alert, hours: float = 28) -> str:
        paper = io.StringIO()
        card = score([fault], alerts, START, START + timedelta(hours=hours))
        Console(file=paper, width=100).print(scoreboard(card, scenario))
        return re.sub(r"\s+", " ", paper.getvalue()).strip()

    began = f"stop Orders: Shopify to NetSuite {fault.start:%a %H:%M}"
    assert shown(raised(fault, 2)).endswith(f"{began} volume 3 min 45 min")
    assert shown().endswith(f"{began} missed 45 min")
    assert shown(hours=0.5).endswith(f"{began} not yet 45 min")
