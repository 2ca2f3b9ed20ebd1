"""Result files: stored ones to prove the scorer with, and new ones as NAB itself writes them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.nab.corpus import CorpusError, Series
from benchmarks.nab.scorer import Floats

PUBLISHED: Final = {
    31: {  # the alternate-file half of the corpus
        "ARTime": (78.15, 70.44, 83.10),
        "numenta": (71.21, 64.99, 75.87),
        "windowedGaussian": (36.71, 21.40, 45.17),
    },
    58: {  # the whole corpus
        "ARTime": (74.85, 65.15, 80.36),
        "numenta": (70.10, 63.21, 74.32),
        "windowedGaussian": (39.65, 20.87, 47.41),
    },
}
"""By files in the corpus: what NAB's own runner gives stored results (standard, low-FP, low-FN)."""


def stored(folder: Path, detector: str, corpus: Sequence[Series]) -> list[Floats]:
    """Read the stored scores of a detector.

    Raises
    ------
    CorpusError
        If a file is missing or does not have a score for each row of its series.
    """
    return [_stored(folder / "results" / detector, detector, series) for series in corpus]


def _stored(folder: Path, detector: str, series: Series) -> Floats:
    category, name = series.name.split("/")
    paths = (folder / category / name, folder / category / f"{detector}_{name}")
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise CorpusError(f"no stored scores: {paths[0]}")
    with path.open(newline="") as file:
        scores = [float(row["anomaly_score"]) for row in csv.DictReader(file)]
    if len(scores) != len(series.values):
        raise CorpusError(f"{path} has {len(scores)} scores for {len(series.values)} rows")
    return np.array(scores)


def write(folder: Path, detector: str, corpus: Sequence[Series], scores: Sequence[Floats]) -> None:
    """Write ``<detector>/<category>/<detector>_<file>.csv`` for every series."""
    for series, given in zip(corpus, scores, strict=True):
        category, name = series.name.split("/")
        path = folder / detector / category / f"{detector}_{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        inside = np.zeros(len(given), dtype=int)
        for left, right in series.windows:
            inside[left : right + 1] = 1
        with path.open("w", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(("timestamp", "value", "anomaly_score", "label"))
            rows = (series.timestamps, series.values, given.tolist(), inside.tolist())
            out.writerows(zip(*rows, strict=True))
