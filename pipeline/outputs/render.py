"""An alert as a person reads it in a terminal, and as one line of JSON for a program.

The text of an alert holds names that came in with events, so nothing in it is taken for markup
or for a control sequence.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schemas.alerts import Alert, Evidence

_COLOURS = {"critical": "bold white on red", "warning": "bold black on yellow", "info": "bold cyan"}
_INDENT = 2


def alert_line(alert: Alert) -> str:
    """Return an alert as one line of JSON."""
    return alert.model_dump_json()


def alert_text(alert: Alert) -> RenderableType:
    """Return an alert for a rich console; without colours where the console has none.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from rich.console import Console
    >>> at = datetime(2026, 3, 2, 10, tzinfo=UTC)
    >>> alert = Alert(
    ...     id="a", fingerprint="f", status="firing", revision=0, severity="critical",
    ...     tenant="acme", flow_id="orders", flow_name="Orders", signal="volume", starts_at=at,
    ...     updated_at=at, score=2.5, summary="Orders has stopped", explanation="No runs.",
    ...     next_step="Check the trigger.", evidence=(),
    ... )
    >>> Console(width=60).print(alert_text(alert))
    2026-03-02 10:00 UTC   CRITICAL   acme:orders
      Orders has stopped
      No runs.
      → Check the trigger.
    """
    parts: list[RenderableType] = [_headline(alert), _indented(_plain(alert.summary, "bold"))]
    if alert.status == "firing":
        parts.append(_indented(_plain(alert.explanation)))
        parts.append(_indented(_next_step(alert)))
        if alert.evidence:
            parts.append(_indented(_evidence(alert.evidence)))
    return Group(*parts)


def _headline(alert: Alert) -> Text:
    line = Text().append(f"{alert.updated_at:%Y-%m-%d %H:%M} UTC  ", "dim")
    if alert.status == "resolved":
        line.append(" RESOLVED ", "bold black on green")
        line.append(_lasted(alert))
    else:
        line.append(f" {alert.severity.upper()} ", _COLOURS[alert.severity])
        if alert.revision:
            line.append(f" (update {alert.revision})")
    line.append_text(_plain(f"  {alert.tenant}:{alert.flow_id}"))
    return line


def _lasted(alert: Alert) -> str:
    if alert.ends_at is None:
        return ""
    minutes = round((alert.ends_at - alert.starts_at).total_seconds() / 60)
    return f" after {minutes} min" if minutes < 120 else f" after {minutes / 60:.1f} h"


def _next_step(alert: Alert) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text("→", "green"), _plain(alert.next_step, "green"))
    return grid


def _evidence(evidence: tuple[Evidence, ...]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for column in ("left", "left", "right", "right", "left", "right"):
        grid.add_column(justify=column, style="dim", no_wrap=True)
    for e in evidence:
        grid.add_row(
            e.signal,
            e.direction,
            f"{e.span_minutes} min",
            _number(e.observed),
            f"expected {_number(e.expected)}",
            f"score {e.score:.2f}",
        )
    return grid


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, _INDENT), expand=False)


def _plain(text: str, style: str = "") -> Text:
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text), style)
