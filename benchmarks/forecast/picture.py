"""The reliability picture: what was forecast against what came true."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from detectors.reliability import Reliability
from pipeline.simulator.picture import FAULT, INK, OBSERVED, QUIET


def draw(tables: Sequence[Reliability], path: Path) -> None:
    """Draw all tables as one, both axes logarithmic, since most forecasts are small."""
    made = np.sum([table.forecasts for table in tables], axis=0)
    some = made > 0
    promised = np.sum([table.promised for table in tables], axis=0)[some] / made[some]
    happened = np.sum([table.happened for table in tables], axis=0)[some] / made[some]
    figure = Figure(figsize=(6.4, 6.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([1e-3, 1], [1e-3, 1], color=QUIET, linewidth=1, label="as promised")
    sizes = 20 + 40 * np.log10(np.maximum(made[some], 1)) / 2
    axes.scatter(promised, np.maximum(happened, 1e-3), s=sizes, color=OBSERVED, zorder=3)
    axes.axhline(np.sum([t.happened for t in tables]) / made.sum(), color=FAULT, label="base rate")
    for x, y, n in zip(promised, happened, made[some], strict=True):
        words = f"{n:,.0f}"
        axes.annotate(words, (x, max(y, 1e-3)), (7, -9), textcoords="offset points", fontsize=8)
    axes.set(
        xscale="log", yscale="log", xlim=(1e-3, 1), ylim=(1e-3, 1),
        xlabel="probability forecast (mean of a bin)",
        ylabel="share that failed within the horizon",
    )  # fmt: skip
    axes.set_title("Failure forecasts, and minutes in each bin", color=INK, loc="left")
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
