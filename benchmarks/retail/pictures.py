"""Pictures: recall against false alarms of each world, and one flow with faults and alarms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.retail.onsets import Rises, Scores, false, onsets
from benchmarks.retail.results import Result
from benchmarks.retail.scoring import FIXED
from benchmarks.retail.world import DAY, World
from pipeline.simulator.picture import ALERT, FAULT, OBSERVED, QUIET

DAYS: Final = 4
PANELS: Final = ("volume", "records", "duration_log", "failed", "queue_depth")


def curves(world: str, results: Sequence[Result], folder: Path) -> Path:
    """Draw recall against false alarms of every detector and seed in a world; return the file."""
    figure = Figure(figsize=(8, 5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    detectors = list(dict.fromkeys(result.case.detector for result in results))
    for result in results:
        number = detectors.index(result.case.detector)
        label = f"{result.case.detector}, seed {result.case.seed}"
        axes.plot(*result.curve, color=f"C{number}", marker=".", ms=3, lw=1, label=label)
    axes.axvline(1, color=QUIET, lw=0.7, ls=":")
    axes.set(xlim=(0, 3), ylim=(0, 1), title=f"{world}: recall against false alarms")
    axes.set(xlabel="false alarms a flow and week", ylabel="recall")
    axes.legend(fontsize=8, frameon=False)
    return _saved(figure, folder / f"{world}-recall.png")


def flow(world: World, scores: Scores, number: int, folder: Path) -> Path:
    """Draw some days of one flow from its first fault on: what was counted, faults, alarms."""
    own = [fault.start for fault in world.faults if fault.flow == number]
    start = max(min(own, default=world.warm_up) // DAY * DAY - DAY, 0)
    span = slice(start, min(start + DAYS * DAY, world.minutes))
    told = [n for n in PANELS if np.isfinite(world.columns[n][span, number]).any()]
    figure = Figure(figsize=(14, 1.5 * (len(told) + 1)), dpi=100, layout="constrained")
    panels = figure.subplots(len(told) + 1, sharex=True)
    days = np.arange(span.start, span.stop) / DAY
    for axes, name in zip(panels, told, strict=False):
        axes.plot(days, world.columns[name][span, number], color=OBSERVED, lw=0.6, marker=".", ms=1)
        axes.set_ylabel(name.replace("_", "\n"), fontsize=8)
    panels[-1].plot(days, scores[span, number], color=OBSERVED, lw=0.8)
    panels[-1].axhline(FIXED, color=QUIET, lw=0.7)
    _alarms(panels[-1], world, scores, number)
    panels[-1].set(ylabel="score", xlabel="day", xlim=(days[0], days[-1]))
    for fault in world.faults:
        if fault.flow == number and span.start <= fault.start < span.stop:
            for axes in panels:
                axes.axvspan(fault.start / DAY, fault.end / DAY, color=FAULT, alpha=0.3, lw=0)
            above = panels[0].get_xaxis_transform()  # across in days, upwards in shares
            panels[0].text(fault.start / DAY, 1.02, fault.kind, fontsize=7, transform=above)
    described = world.flows[number]
    title = f"{described.name} ({described.shape}), world {world.name}, seed {world.seed}"
    figure.suptitle(title)
    return _saved(
        figure, folder / f"{world.name}-{world.seed}-{described.name.replace(' ', '-')}.png"
    )


def _alarms(axes: Axes, world: World, scores: Scores, number: int) -> None:
    raised = onsets(Rises.of(scores, world.warm_up), FIXED)
    wrong = false(raised, world.faults + world.echoes)
    for vain, face in ((False, ALERT), (True, "none")):
        minutes = raised.minute[(raised.flow == number) & (wrong == vain)]
        height = np.full(len(minutes), FIXED)
        axes.scatter(minutes / DAY, height, marker="v", s=50, ec=ALERT, fc=face, zorder=3)


def _saved(figure: Figure, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
