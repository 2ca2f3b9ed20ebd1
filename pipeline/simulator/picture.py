"""The picture: every flow with what was expected of it, its faults shaded, its alerts marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pipeline.simulator.tracks import COUNTED, Track
from schemas.signals import SignalName

# The palette of Okabe and Ito, which every kind of colour vision can tell apart.
OBSERVED, RANGE, FAULT, ALERT = "#0072B2", "#56B4E9", "#E69F00", "#D55E00"
INK, QUIET, FAINT = "#222222", "#6f6f6f", "#e4e4e4"

_UNIT: dict[SignalName, str] = {
    "volume": "runs\nin {} min",
    "records": "records\nin {} min",
    "errors": "failed\nin {} min",
    "partial": "partial\nin {} min",
    "warnings": "warned\nin {} min",
    "retries": "retried\nin {} min",
    "duplicates": "repeated\nin {} min",
    "missing": "incomplete\nin {} min",
    "latency": "seconds\na run",
    "wait": "seconds\nof wait",
    "backlog": "runs\nwaiting",
    "silence": "minutes\nsilent",
    "failure": "chance\nof failure",
}

# Inches: width and margins of the whole, and heights of a flow's first and further panels.
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 14.0, 3.0, 0.3, 1.3, 0.5
_FIRST, _FURTHER = 0.66, 0.42
_GAP, _INNER_GAP = 0.36, 0.1


@dataclass(frozen=True, slots=True)
class Shade:
    """A stretch of trouble, with a few words above it."""

    start: datetime
    end: datetime
    words: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """An alert: a triangle, hollow if it was raised for nothing."""

    at: datetime
    hollow: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A flow: a panel for each track; of a name such as "Orders: A to B" the rest is set small."""

    name: str
    tracks: Sequence[Track]
    shades: Sequence[Shade] = ()
    marks: Sequence[Mark] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands over the picture."""

    title: str
    subtitle: str = ""


def save(rows: Sequence[Row], path: Path, heading: Heading, *, minutes: int = 15) -> None:
    """Draw the rows into a PNG file, and make its directory if there is none."""
    figure = draw(rows, heading, minutes=minutes)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png")


def draw(rows: Sequence[Row], heading: Heading, *, minutes: int = 15) -> Figure:
    """Draw one row a flow over a common axis of time.

    Each panel has the observed line, the expected one and its ordinary range; trouble is shaded
    through all panels of its flow, and alerts stand on the first.

    Parameters
    ----------
    minutes
        What a point stands for. Single minutes are too restless to be read over a day or more.
    """
    height = _TOP + sum(map(_height, rows)) + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height), dpi=110, facecolor="white")
    panels: list[Axes] = []
    top = height - _TOP
    for row in rows:
        for i in range(len(row.tracks)):
            tall, gap = (_FURTHER, _INNER_GAP) if i else (_FIRST, _GAP)
            top -= gap + tall
            box = (_LEFT / _WIDTH, top / height, 1 - (_LEFT + _RIGHT) / _WIDTH, tall / height)
            panels.append(figure.add_axes(box, sharex=panels[0] if panels else None))
        _row(panels[-len(row.tracks) :], row, minutes)
    time_axis(panels)
    _heading(figure, height, heading)
    return figure


def _height(row: Row) -> float:
    return _GAP + _FIRST + (len(row.tracks) - 1) * (_INNER_GAP + _FURTHER)


def _row(panels: Sequence[Axes], row: Row, minutes: int) -> None:
    for axes, track in zip(panels, row.tracks, strict=True):
        curve(axes, track, minutes)
        for shade in row.shades:
            axes.axvspan(_day(shade.start), _day(shade.end), color=FAULT, alpha=0.3, lw=0, zorder=0)
    first = panels[0]
    name, _, route = row.name.partition(": ")
    _beside(first, 0, name, fontsize=10.5, weight="bold", color=INK)
    _beside(first, -15, route, fontsize=8.5, color=QUIET)
    for shade in row.shades:
        _above(first, shade.start, shade.words)
    for mark in row.marks:
        fill = "white" if mark.hollow else ALERT
        first.plot(
            [_day(mark.at)], [1.0], "v", ms=8, mec=ALERT, mfc=fill, mew=1.4,
            transform=first.get_xaxis_transform(), clip_on=False, zorder=5,
        )  # fmt: skip
        _above(first, mark.at, mark.words)


def curve(axes: Axes, track: Track, minutes: int) -> None:
    """Draw what was observed and expected, and the ordinary range."""
    drawn = track.coarse(60 * minutes)
    unit = 0.001 if track.signal == "latency" else 1.0
    times = drawn.times / 86_400
    axes.fill_between(
        times, unit * drawn.lower, unit * drawn.upper, color=RANGE, alpha=0.3, lw=0, step="post"
    )
    axes.step(times, unit * drawn.expected, where="post", color=QUIET, lw=0.9, ls=(0, (4, 2)))
    axes.step(times, unit * drawn.observed, where="post", color=OBSERVED, lw=1.3)
    axes.margins(x=0, y=0.15)
    axes.set_ylim(bottom=0)
    label = _UNIT[track.signal].format(minutes)
    axes.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=7.5)
    _plain(axes)
    axes.yaxis.set_major_locator(MaxNLocator(2, integer=track.signal in COUNTED))


def _plain(axes: Axes) -> None:
    """Leave only what helps to read the curve."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color("#bbbbbb")
    axes.tick_params(colors=QUIET, labelsize=7.5, length=0)
    axes.yaxis.label.set_color(QUIET)
    axes.grid(color=FAINT, lw=0.6)
    axes.set_axisbelow(True)


def _beside(axes: Axes, down: int, words: str, **style: Any) -> None:
    """Write left of a panel, so many points below its top."""
    axes.annotate(
        words, (0, 1), (-205, down), xycoords="axes fraction", textcoords="offset points",
        va="top", annotation_clip=False, **style,
    )  # fmt: skip


def _above(axes: Axes, at: datetime, words: str) -> None:
    """Write over a panel, from an instant on, or up to it where the right edge is near."""
    first, last = axes.get_xlim()
    right = _day(at) > first + 0.85 * (last - first)
    axes.annotate(
        words, (_day(at), 1), (5 if right else -5, 8), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha="right" if right else "left",
        fontsize=8.5, color="#8a3c00", annotation_clip=False,
    )  # fmt: skip


def time_axis(panels: Sequence[Axes]) -> None:
    """Write days and hours under the last of some panels, and none under the others."""
    locator = AutoDateLocator(tz=UTC, minticks=6, maxticks=16)  # type: ignore[no-untyped-call]
    days = ["%Y", "%b %Y", "%a %-d %b", "%H:%M", "%H:%M", "%S"]
    starts = ["", "%Y", "%b", "%a %-d %b", "%H:%M", "%H:%M"]
    formatter = ConciseDateFormatter(  # type: ignore[no-untyped-call]
        locator, tz=UTC, formats=days, zero_formats=starts, show_offset=False
    )
    panels[0].xaxis.set_major_locator(locator)
    panels[0].xaxis.set_major_formatter(formatter)
    for axes in panels[:-1]:
        axes.tick_params(labelbottom=False)
    panels[-1].tick_params(axis="x", labelsize=9)


def _heading(figure: Figure, height: float, heading: Heading) -> None:
    edge = 0.22 / _WIDTH
    figure.text(
        edge, 1 - 0.3 / height, heading.title, fontsize=17, weight="bold", color=INK, va="top"
    )
    figure.text(edge, 1 - 0.65 / height, heading.subtitle, fontsize=10.5, color=QUIET, va="top")
    handles = [
        Line2D([], [], color=OBSERVED, lw=1.6, label="observed"),
        Line2D([], [], color=QUIET, lw=1, ls=(0, (4, 2)), label="expected"),
        Patch(color=RANGE, alpha=0.3, lw=0, label="ordinary range"),
        Patch(color=FAULT, alpha=0.3, lw=0, label="fault"),
        Line2D([], [], color=ALERT, marker="v", ms=8, lw=0, label="alert"),
        Line2D([], [], mec=ALERT, mfc="white", marker="v", ms=8, lw=0, label="false alarm"),
    ]
    figure.legend(
        handles=handles, ncols=6, frameon=False, fontsize=9.5, loc="upper left",
        bbox_to_anchor=(edge - 0.006, 1 - 0.88 / height), handletextpad=0.5, columnspacing=1.8,
    )  # fmt: skip


def _day(instant: datetime) -> float:
    """Return an instant as matplotlib counts it: days since 1970."""
    return instant.timestamp() / 86_400
