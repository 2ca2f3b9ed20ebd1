"""A picture of each flow: what was observed and expected, its alerts shaded by signal."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pipeline.engine.emissions import ClosedWindow, FlowKey
from pipeline.simulator.picture import INK, OBSERVED, QUIET, RANGE, curve, time_axis
from pipeline.simulator.tracks import Recorder, Track
from schemas.alerts import Alert
from schemas.signals import SignalName

DAY: Final = 86_400
POINT: Final = 900
"""Seconds that a point stands for at least: a month of minutes is too restless to be read."""
ALWAYS: Final[tuple[SignalName, ...]] = ("volume", "errors", "latency", "backlog")
"""Signals that have a panel whenever there is data; others when they alarmed."""
COLOURS: Final = {
    "volume": "#D55E00",
    "errors": "#CC79A7",
    "latency": "#E69F00",
    "backlog": "#009E73",
    "silence": "#7a4fb5",
    "failure": "#0f6fc6",
}
OTHER: Final = "#8c6d31"
LEAST: Final = 0.003
"""Share of the axis that an alert has at least, so that half an hour shows in a month."""
STYLE: Final = (
    "body{font:15px system-ui,sans-serif;margin:2em;color:#222}"
    "img{width:100%;max-width:1540px}li{margin:.2em 0}"
)
_WIDTH, _PANEL, _MARGINS = 14.0, 1.5, 1.1


@dataclass
class Album:
    """Gathers closed windows into tracks of points wide enough to be drawn.

    Parameters
    ----------
    seconds
        Width of a window.
    """

    seconds: int = 60
    _today: Recorder = field(init=False)
    _day: int = -1
    _days: dict[tuple[FlowKey, SignalName], list[Track]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        self._today = Recorder(get_args(SignalName))

    @property
    def point(self) -> int:
        """Seconds that a point stands for."""
        return max(POINT, self.seconds)

    def add(self, closed: ClosedWindow) -> None:
        """Take in one closed window."""
        if closed.start // DAY != self._day:
            self._turn_the_page()
            self._day = closed.start // DAY
        self._today.add(closed)

    def tracks(self) -> dict[tuple[FlowKey, SignalName], Track]:
        """Every track that has data, from the first day to the last."""
        self._turn_the_page()
        tracks = {key: _joined(days) for key, days in self._days.items()}
        return {key: t for key, t in tracks.items() if not np.isnan(t.observed).all()}

    def _turn_the_page(self) -> None:
        for key, track in self._today.tracks().items():
            self._days[key].append(track.coarse(self.point))
        self._today = Recorder(get_args(SignalName))


def save(album: Album, alerts: Sequence[Alert], folder: Path) -> Path:
    """Draw every flow into a PNG file of the folder, and return the page that shows them all."""
    folder.mkdir(parents=True, exist_ok=True)
    flows: dict[FlowKey, dict[SignalName, Track]] = defaultdict(dict)
    for (flow, signal), track in album.tracks().items():
        flows[flow][signal] = track
    entries = []
    for number, (flow, tracks) in enumerate(sorted(flows.items())):
        own = [alert for alert in alerts if (alert.tenant, alert.flow_id) == flow]
        name = f"{number:03}-{re.sub(r'[^A-Za-z0-9]+', '-', str(flow))[:60]}.png"
        draw(flow, tracks, own, album.point // 60).savefig(folder / name, format="png")
        entries.append((flow, name, own))
    page = folder / "index.html"
    page.write_text(_page(entries), encoding="utf-8")
    return page


def draw(
    flow: FlowKey, tracks: Mapping[SignalName, Track], alerts: Sequence[Alert], minutes: int
) -> Figure:
    """Draw one flow: a panel a signal over a common axis of time, a point so many minutes."""
    alarmed = {alert.signal for alert in alerts}
    shown = [t for signal, t in tracks.items() if signal in ALWAYS or signal in alarmed]
    shown = shown or list(tracks.values())
    height = _PANEL * len(shown) + _MARGINS
    figure = Figure(figsize=(_WIDTH, height), dpi=110, facecolor="white")
    panels = figure.subplots(len(shown), sharex=True, squeeze=False)[:, 0]
    figure.subplots_adjust(
        left=0.09, right=0.985, top=1 - 0.7 / height, bottom=0.4 / height, hspace=0.22
    )
    for axes, track in zip(panels, shown, strict=True):
        curve(axes, track, minutes)
    for axes in panels:
        _shade(axes, alerts)
    time_axis(list(panels))
    figure.text(
        0.012, 1 - 0.14 / height, str(flow), fontsize=15, weight="bold", color=INK, va="top"
    )
    _legend(figure, alerts)
    return figure


def _shade(axes: Axes, alerts: Sequence[Alert]) -> None:
    first, last = axes.get_xlim()
    for alert in alerts:
        start = alert.starts_at.timestamp() / DAY
        end = (alert.ends_at or alert.updated_at).timestamp() / DAY
        wide = max(end - start, LEAST * (last - first))
        axes.axvspan(start, start + wide, color=_colour(alert), alpha=0.35, lw=0, zorder=0)
    axes.set_xlim(first, last)


def _colour(alert: Alert) -> str:
    return COLOURS.get(alert.signal, OTHER)


def _legend(figure: Figure, alerts: Sequence[Alert]) -> None:
    handles = [
        Line2D([], [], color=OBSERVED, lw=1.6, label="observed"),
        Line2D([], [], color=QUIET, lw=1, ls=(0, (4, 2)), label="expected"),
        Patch(color=RANGE, alpha=0.3, lw=0, label="ordinary range"),
    ]
    shades = {alert.signal: _colour(alert) for alert in alerts}
    for signal, colour in sorted(shades.items()):
        number = sum(alert.signal == signal for alert in alerts)
        words = f"{signal}: {number} alert{'s' * (number > 1)}"
        handles.append(Patch(color=colour, alpha=0.35, lw=0, label=words))
    figure.legend(
        handles=handles, ncols=len(handles), frameon=False, fontsize=9, loc="upper right",
        bbox_to_anchor=(0.99, 1), columnspacing=1.4, handletextpad=0.5,
    )  # fmt: skip


def _joined(days: Sequence[Track]) -> Track:
    columns = ("times", "observed", "expected", "lower", "upper")
    whole = (np.concatenate([getattr(day, name) for day in days]) for name in columns)
    return Track(days[0].flow, days[0].signal, *whole)


def _page(entries: Sequence[tuple[FlowKey, str, Sequence[Alert]]]) -> str:
    parts = [
        '<!doctype html><meta charset="utf-8"><title>Backtest</title>',
        f"<style>{STYLE}</style>",
        "<h1>What would have fired</h1>",
    ]
    for flow, name, alerts in entries:
        number = f"{len(alerts)} alert{'' if len(alerts) == 1 else 's'}"
        parts.append(f"<h2>{html.escape(str(flow))}: {number}</h2>")
        parts.append(f'<img src="{name}" alt="" loading="lazy"><ol>')
        parts += [f"<li>{html.escape(_line(alert))}</li>" for alert in alerts]
        parts.append("</ol>")
    return "\n".join(parts)


def _line(alert: Alert) -> str:
    return f"{alert.starts_at:%Y-%m-%d %H:%M} UTC, {alert.severity}: {alert.summary}"
