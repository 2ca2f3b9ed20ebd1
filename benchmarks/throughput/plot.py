"""A picture of the table: every case's rate, and what an event costs as flows become more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from benchmarks.throughput.report import Measured

OURS, OTHERS = "#0f6fc6", "#b8b8b8"


def plot(rows: Sequence[Measured], path: Path) -> None:
    """Draw the rates with the fewest flows, and the engine's cost against the number of flows."""
    fewest = min(row.shape.flows for row in rows)
    shapes = sorted({row.shape for row in rows if row.shape.flows == fewest}, reverse=True)
    lines = (len(shapes) + 2) // 2
    figure = Figure(figsize=(14, 4 * lines), layout="constrained")
    panels = figure.subplots(lines, 2, squeeze=False).ravel()
    for axes, shape in zip(panels, shapes, strict=False):
        mine = [row for row in rows if row.shape == shape]
        _rates(axes, sorted(mine, key=lambda row: median(row.rates)))
        axes.set_title(str(shape))
    _cost(panels[len(shapes)], rows)
    for axes in panels[len(shapes) + 1 :]:
        axes.set_axis_off()
    figure.legend(loc="outside lower right", ncols=2, frameon=False)
    figure.savefig(path, dpi=110)


def _rates(axes: Axes, rows: Sequence[Measured]) -> None:
    rates = [median(row.rates) for row in rows]
    colours = [OURS if row.case.startswith("engine") else OTHERS for row in rows]
    bars = axes.barh([_name(row) for row in rows], rates, color=colours)
    axes.bar_label(bars, [f"{rate:,.0f}" for rate in rates], padding=3)
    _logarithmic(axes)
    axes.set_xlim(min(rates) / 3, 4 * max(rates))
    axes.set_xlabel("events a second")
    axes.spines[["top", "right"]].set_visible(False)


def _cost(axes: Axes, rows: Sequence[Measured]) -> None:
    lines: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        if row.case.startswith("engine") and row.workers == 1:
            size, flows, per_minute = row.shape
            name = f"{row.case}, {size} a record, {per_minute:g} a minute"
            lines.setdefault(name, []).append((flows, 1e6 / median(row.rates)))
    for name, points in lines.items():
        if len(points) > 1:
            axes.plot(*zip(*sorted(points), strict=True), marker="o", label=name)
    _logarithmic(axes)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_minor_formatter("{x:,.0f}")
    axes.set_xlabel("flows")
    axes.set_ylabel("µs an event, one worker")
    axes.spines[["top", "right"]].set_visible(False)


def _logarithmic(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def _name(row: Measured) -> str:
    return row.case if row.workers == 1 else f"{row.case}, {row.workers} workers"
