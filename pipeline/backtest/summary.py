"""What would have fired, as tables: by flow, by day and by budget."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TextIO

from rich.table import Table
from rich.text import Text

from pipeline.backtest.budgets import Budgets, Onset
from pipeline.backtest.labels import Label, score
from pipeline.engine.emissions import FlowKey
from schemas.alerts import Alert

DAY = 86_400
MOST = 9
"""Alerts a day that a digit can show."""


def by_flow(budgets: Budgets, alerts: Sequence[Alert]) -> Table:
    """A row a flow: alerts at each budget, by signal, the first and the worst."""
    table = Table(title="Alerts by flow", title_justify="left")
    table.add_column("flow", overflow="fold")
    for heading in ("days", *map(_heading(budgets), budgets.budgets)):
        table.add_column(heading, justify="right")
    for heading in ("signals", "first", "worst"):
        table.add_column(heading, overflow="fold")
    for flow in budgets.flows:
        own = [o for o in budgets.onsets[budgets.own] if o.flow == flow]
        counts = (sum(o.flow == flow for o in budgets.onsets[b]) for b in budgets.budgets)
        table.add_row(
            Text(str(flow)),
            f"{budgets.days(flow):.0f}",
            *map(str, counts),
            _signals(own),
            f"{datetime.fromtimestamp(own[0].start, UTC):%d %b}" if own else "",
            _worst([alert for alert in alerts if (alert.tenant, alert.flow_id) == flow]),
        )
    return table


def by_day(budgets: Budgets) -> Table:
    """A row a flow with a sign a day (UTC): how many alerts began on it."""
    first, last = (start // DAY for start in budgets.span)
    days = f"{_date(first)} to {_date(last)}"
    table = Table("flow", days, title="Alerts by day", title_justify="left")
    for flow in budgets.flows:
        own = Counter(o.start // DAY for o in budgets.onsets[budgets.own] if o.flow == flow)
        signs = (str(min(own[day], MOST)) if own[day] else "·" for day in range(first, last + 1))
        table.add_row(Text(str(flow)), "".join(signs))
    return table


def by_budget(budgets: Budgets, labels: Sequence[Label]) -> Table:
    """A row a budget: alerts, and how many a flow-week; with labels what they found."""
    table = Table("budget", "alerts", "a flow-week", title="Alerts by budget", title_justify="left")
    if any(map(budgets.cut_off, budgets.budgets)):
        table.caption = "† without slow changes: run with --budget to count them"
    if labels:
        for heading in ("found", "recall", "false", "false a flow-week"):
            table.add_column(heading)
    weeks = sum(map(budgets.weeks, budgets.flows))
    for budget in budgets.budgets:
        onsets = budgets.onsets[budget]
        cells = [_heading(budgets)(budget), str(len(onsets)), _rate(len(onsets), weeks)]
        if labels:
            found = score(onsets, labels, budgets.seconds)
            cells += [f"{len(found.found)} of {len(labels)}", f"{found.recall:.2f}"]
            cells += [str(len(found.false)), _rate(len(found.false), weeks)]
        table.add_row(*cells)
    return table


def by_kind(budgets: Budgets, labels: Sequence[Label]) -> Table:
    """A row a kind of incident: how many were found at the engine's own budget."""
    table = Table("kind", "incidents", "found", title="Incidents by kind", title_justify="left")
    found = score(budgets.onsets[budgets.own], labels, budgets.seconds)
    hits, known = Counter(x.kind for x in found.found), Counter(x.kind for x in labels)
    for kind, number in sorted(known.items()):
        table.add_row(Text(kind), str(number), str(hits[kind]))
    return table


def write_days(budgets: Budgets, file: TextIO) -> None:
    """Write a row per flow, day (UTC) and budget with alerts: how many, and of which signals."""
    rows = csv.writer(file)
    rows.writerow(("tenant", "flow_id", "day", "budget", "alerts", "signals"))
    for budget in budgets.budgets:
        days: dict[tuple[FlowKey, int], list[Onset]] = {}
        for onset in budgets.onsets[budget]:
            days.setdefault((onset.flow, onset.start // DAY), []).append(onset)
        for (flow, day), onsets in sorted(days.items()):
            rows.writerow((*flow, _date(day), budget, len(onsets), _signals(onsets)))


def _heading(budgets: Budgets) -> Callable[[float], str]:
    def heading(budget: float) -> str:
        sign = "*" if budget == budgets.own else "†" if budgets.cut_off(budget) else ""
        return f"{budget:g}{sign}"

    return heading


def _signals(onsets: Sequence[Onset]) -> str:
    numbers = Counter(onset.signal for onset in onsets).most_common()
    return ", ".join(f"{signal} {number}" for signal, number in numbers)


def _worst(alerts: Sequence[Alert]) -> str:
    worst = max(alerts, key=lambda alert: alert.score, default=None)
    return f"{worst.score:.1f} {worst.signal} {worst.starts_at:%d %b}" if worst else ""


def _rate(number: int, weeks: float) -> str:
    return f"{number / weeks:.2f}" if weeks else ""


def _date(day: int) -> str:
    return f"{datetime.fromtimestamp(day * DAY, UTC):%Y-%m-%d}"
