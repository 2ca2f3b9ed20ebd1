"""What the demo says: in colour on a terminal, as plain lines anywhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from math import exp
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pipeline.engine.wording import duration, minutes
from pipeline.simulator.faults import Fault
from pipeline.simulator.retailer import DAY, RETAILER, Cadence, FlowProfile
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.scorecard import Finding, Scorecard, blame, detects, raised_at
from schemas.alerts import Alert

_BADGE = {
    "info": (" INFO ", "bold white on blue"),
    "warning": (" WARNING ", "bold black on yellow"),
    "critical": (" CRITICAL ", "bold white on red"),
}
_WORSE = list(_BADGE)
"""Severities, each worse than the one before."""


class Narrator:
    """Tells one run of the demo."""

    def __init__(self, console: Console, scenario: Scenario) -> None:
        self._console = console
        self._scenario = scenario
        self._found: set[Fault] = set()
        self._severity: dict[str, str] = {}

    def introduce(self) -> None:
        """Say what will happen, and show the flows."""
        profiles = self._scenario.profiles
        runs = sum(profile.runs_a_day for profile in profiles)
        self._console.print(Rule(Text("CogentAI demo", "bold")))
        self._console.print(
            f"{RETAILER} is a simulated retailer on Patchworks: {len(profiles)} flows, "
            f"about {runs:,.0f} runs a day.\n",
            highlight=False,
        )
        self._console.print(_steps(self._scenario))
        self._console.print()
        self._console.print(_flows(profiles))
        self._console.print()

    def learned(self, alerts: int) -> None:
        """Say that the live part begins, and what was raised on the way there."""
        raised = {0: "no alert", 1: "1 alert"}.get(alerts, f"{alerts} alerts")
        self._console.print(
            Rule(Text(f"Live from {self._scenario.live_start:%A %-d %B %Y, %H:%M} UTC"))
        )
        self._console.print(
            Text(f"Learned. The history has no fault in it, and raised {raised}.", "dim")
        )

    def injected(self, fault: Fault) -> None:
        """Say that a fault begins."""
        name = self._scenario.name(fault.flow_id)
        words = Text.assemble((" fault ", "black on bright_black"), f" {fault.kind}: {name}")
        self._console.print()
        self._entry(fault.start, words)

    def alert(self, alert: Alert) -> None:
        """Tell an alert when it is raised, when it gets worse, and when it is over."""
        known = self._severity.get(alert.id)
        self._severity[alert.id] = alert.severity
        if alert.status == "resolved":
            self._resolved(alert)
        elif known is None:
            self._raised(alert)
        elif _WORSE.index(alert.severity) > _WORSE.index(known):
            self._entry(alert.updated_at, _headline(alert))

    def _raised(self, alert: Alert) -> None:
        words = _headline(alert)
        if beyond := _beyond_summary(alert):
            words.append(f"\n{beyond}")
        words.append(f"\nNext: {alert.next_step}", "dim")
        words.append("\n").append(self._cause(alert))
        self._entry(raised_at(alert), words)

    def _cause(self, alert: Alert) -> Text:
        fault = blame(alert, self._scenario.faults)
        if fault is None:
            return Text("False alarm: nothing was injected here.", "yellow")
        cause = Text.assemble(("Cause: ", "bold cyan"), (fault.cause, "cyan"), "\n")
        if not detects(alert, fault):
            return cause.append("Raised in its aftermath.", "dim")
        if fault in self._found:
            return cause.append("Found before: this is a further alert.", "dim")
        self._found.add(fault)
        passed = (raised_at(alert) - fault.start).total_seconds() / 60
        return cause.append(f"Found {minutes(passed)} after it began.", "bold green")

    def _resolved(self, alert: Alert) -> None:
        lasted = ((alert.ends_at or alert.updated_at) - alert.starts_at).total_seconds() / 60
        name = alert.flow_name or alert.flow_id
        words = Text.assemble(("resolved", "green"), f" {name}, after {minutes(lasted)}")
        self._entry(alert.updated_at, words)

    def refused(self, reason: str) -> None:
        """Say that the engine could not read an event: a defect, of the demo or the engine."""
        self._console.print(Text(f"An event went to the dead letters: {reason}", "bold red"))

    def _entry(self, at: datetime, words: Text) -> None:
        row = Table.grid(padding=(0, 2))
        row.add_row(Text(f"{at:%a %H:%M}", "dim"), words)
        self._console.print(row)

    def close(self, card: Scorecard, picture: Path | None) -> None:
        """Show the scorecard, and say where the picture is."""
        self._console.print()
        self._console.print(Rule(Text("Score", "bold")))
        if card.until <= card.start:
            self._console.print("Stopped while learning: there is nothing to score yet.")
            return
        self._console.print(scoreboard(card, self._scenario))
        self._console.print(Text(verdict(card), "bold"))
        if picture is not None:
            self._console.print(f"Picture: {picture}", highlight=False, soft_wrap=True)


def scoreboard(card: Scorecard, scenario: Scenario) -> Table:
    """Return the faults and what became of them, as a table."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("Fault", "Flow", "Began", "Found by"):
        table.add_column(column)
    for column in ("After", "Lasted"):
        table.add_column(column, justify="right")
    for finding in card.findings:
        fault = finding.fault
        after = "" if finding.minutes is None else f"{finding.minutes:.0f} min"
        name, began = scenario.name(fault.flow_id), f"{fault.start:%a %H:%M}"
        table.add_row(fault.kind, name, began, _found_by(finding), after, f"{fault.minutes} min")
    return table


def verdict(card: Scorecard) -> str:
    """Sum a scorecard up in words."""
    hours = (card.until - card.start).total_seconds() / 3600
    found = f"{card.count('found')} of {len(card.findings)} faults found"
    if card.median_minutes is not None:
        found += f", half of them within {minutes(card.median_minutes)}"
    false = f"{len(card.false)} false alarm{'s' * (len(card.false) != 1)}"
    return f"{found}. {card.count('missed')} missed. {false} in {hours:.0f} hours."


def _steps(scenario: Scenario) -> Table:
    days, hours = round(len(scenario.history) / DAY), round(len(scenario.live) / 60)
    faults = len(scenario.faults)
    steps = {
        "1 Learn": f"{days} days of history are replayed, so that the engine knows what is normal.",
        "2 Disturb": f"{hours} hours follow, in a stand-in for Patchworks that is polled. "
        f"{'1 fault is' if faults == 1 else f'{faults} faults are'} injected; the engine is not "
        "told. Each alert is shown beside the fault that caused it.",
        "3 Score": "What was found and how soon, what was missed, what was raised for nothing. "
        "Ctrl-C at any time goes straight to this.",
    }
    table = Table.grid(padding=(0, 2))
    for step, words in steps.items():
        table.add_row(Text(step, "bold"), words)
    return table


def _flows(profiles: Sequence[FlowProfile]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Flow")
    table.add_column("Started by")
    table.add_column("Runs a day", justify="right")
    table.add_column("A run takes", justify="right")
    for profile in profiles:
        takes = duration(exp(profile.latency.log_mean))
        table.add_row(profile.name, _trigger(profile), f"{profile.runs_a_day:,.0f}", takes)
    return table


def _trigger(profile: FlowProfile) -> str:
    match profile.cadence:
        case None:
            return "webhook"
        case Cadence(every=1440, offset=offset):
            return f"schedule, daily {offset // 60:02}:{offset % 60:02}"
        case Cadence(every=every):
            return f"schedule, every {every} min"


def _found_by(finding: Finding) -> Text:
    match finding.outcome:
        case "missed":
            return Text("missed", "bold red")
        case "open":
            return Text("not yet", "yellow")
    return Text(finding.alert.signal if finding.alert else "", "green")


def _headline(alert: Alert) -> Text:
    return Text.assemble(_BADGE[alert.severity], " ", (alert.summary, "bold"))


def _beyond_summary(alert: Alert) -> str:
    """Return the explanation without a beginning that the summary has said already."""
    first, *others = re.split(r"[.;] ", alert.explanation, maxsplit=1)
    if first.lower() not in alert.summary.lower():
        return alert.explanation
    return "".join(f"{words[:1].upper()}{words[1:]}" for words in others)
