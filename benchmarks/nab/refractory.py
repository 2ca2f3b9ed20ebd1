"""From scores to alarms: one alarm, then silence, for every detector alike.

NAB fines every row above the threshold, so a detector that stays excited pays for it row by row.
An operator would be told once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks.nab.scorer import PROFILES, Floats, Scorer

SHARE: Final = 0.03
SHORTEST, LONGEST = 20, 300
"""Rows of silence after an alarm: 3 % of the rows so far, within these bounds (detection notes)."""
CANDIDATES: Final = 200
DENSEST: Final = 0.1
"""Share of rows above the lowest threshold tried."""


def alarms(scores: Floats, threshold: float) -> Floats:
    """Keep the scores that raise an alarm; all others become 0.

    >>> alarms(np.full(50, 0.7), 0.5).nonzero()[0].tolist()
    [0, 21, 42]
    """
    kept = np.zeros(len(scores))
    quiet_until = -1.0
    for row in np.flatnonzero(scores >= threshold).tolist():
        if row > quiet_until:
            kept[row] = scores[row]
            quiet_until = row + min(max(SHARE * row, SHORTEST), LONGEST)
    return kept


def best_threshold(scorer: Scorer, scores: Sequence[Floats]) -> float:
    """Find the threshold whose alarms score best in the standard profile."""
    joined = np.concatenate(scores)
    levels = 1 - np.geomspace(1 / len(joined), DENSEST, CANDIDATES)
    candidates: list[float] = np.unique(np.quantile(joined[joined > 0], levels)).tolist()
    return max(candidates, key=lambda threshold: _standard(scorer, scores, threshold))


def _standard(scorer: Scorer, scores: Sequence[Floats], threshold: float) -> float:
    raised = [alarms(each, threshold) for each in scores]
    return scorer.score(raised, threshold, PROFILES["standard"])
