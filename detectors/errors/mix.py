"""Whether the errors of the moment are of other classes than usual, however many there are.

Each class's share of the recent errors is tested against its usual share, by the G-test of a table
of two by two with Williams' correction for few counts (Sokal and Rohlf, Biometry, 4th ed., 2012,
17.4). Errors come in bursts, so counts scatter more than chance allows: the statistic is divided
by how much this flow's ordinary blocks of time scatter (quasi-likelihood; McCullagh and Nelder,
Generalized Linear Models, 2nd ed., 1989, 4.5).
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

from detectors.errors.tally import Counts, Tally
from detectors.errors.taxonomy import CLASSES

SPANS: Final = (1_800, 43_200)
"""Blocks of half an hour and half a day: recent is the last hour for flows with many errors, and
the last day for those with few."""
REMEMBERED: Final = 28
"""Half-days (two weeks) after which what is usual counts half."""
ENOUGH: Final = 10.0
"""Errors that must have shown what is usual: with fewer no class can reach an alarm anyway."""
PRIOR: Final = 0.5
"""Added to the usual count of a class and of the rest: an error not seen yet is not impossible."""
SCATTER: Final = (2.0, 10.0)
"""Scatter of a flow not known yet, and how many blocks that guess weighs. Errors of one cause come
in pairs and more; twice the scatter of chance is the least seen in the worlds of the tests."""
LEARNED: Final = 14
"""Blocks with more than one error that must have shown how this flow's errors scatter: a week of
half-days. Flows whose errors come in bursts gave three alarms a week in their first fortnight
without it, and one in three weeks after (the bursty world of the tests)."""
FOLLOWED: Final = 100.0
"""Blocks over which the scatter is remembered."""
SURPRISED: Final = 0.25
"""Weight with which an anomalous block is learned: a fault must not become usual within a day, a
change that stays should within weeks."""
TRIES: Final = math.log10(len(CLASSES) * len(SPANS))
"""Taken off the evidence, for the best of so many tests is reported (Bonferroni)."""


class Shift(NamedTuple):
    """The class that most exceeds its usual share.

    ``observed`` of ``total`` recent errors since ``since`` (epoch seconds) are of class number
    ``key``, where ``expected`` are usual; ``evidence`` is -log10 of the chance of that.
    """

    key: int
    observed: int
    total: int
    expected: float
    since: int
    evidence: float


class Mix:
    """The classes of one flow's errors, usual and recent.

    Examples
    --------
    >>> mix = Mix()
    >>> for hour in range(100):
    ...     shift = mix.judge(3600 * hour, {0: 1, 4: 1}, limit=5.0)
    >>> shift.evidence
    0.0
    >>> mix.judge(3600 * 100, {2: 12}, limit=5.0)
    Shift(key=2, observed=12, total=12, expected=0.0, since=358200, evidence=14.8...)
    """

    def __init__(self) -> None:
        self._usual: dict[int, float] = {}
        self._recent = [Tally(seconds) for seconds in SPANS]
        self._scatter = [[SCATTER[0], SCATTER[1]] for _ in SPANS]
        self._surprised = [False for _ in SPANS]

    def judge(self, at: int, counts: Counts, limit: float) -> Shift | None:
        """Judge the errors of a window that starts at ``at`` by class number, then learn.

        What has more evidence than ``limit`` is hardly learned. None where too little is known.
        """
        found: Shift | None = None
        for i, tally in enumerate(self._recent):
            for block in tally.roll(at):
                self._learn(i, block)
            for key, times in counts.items():
                tally.add(key, times)
            shift = self._shift(i)
            if shift is not None and shift.evidence > limit:
                self._surprised[i] = True
            if shift is not None and (found is None or shift.evidence > found.evidence):
                found = shift
        return found

    def _shift(self, i: int) -> Shift | None:
        usual = sum(self._usual.values())
        scatter, blocks = self._scatter[i]
        if usual < ENOUGH or blocks < SCATTER[1] + LEARNED:
            return None
        tally = self._recent[i]
        recent = tally.recent()
        total = sum(recent.values())
        signed = {key: self._g(key, recent, total, usual) for key in recent}
        key = max(signed, key=lambda k: (signed[k], -k))
        evidence = max(tail(math.sqrt(max(signed[key], 0) / scatter)) - TRIES, 0.0)
        expected = total * self._usual.get(key, 0.0) / usual
        return Shift(key, recent[key], total, expected, tally.since(), evidence)

    def _g(self, key: int, recent: Counts, total: int, usual: float) -> float:
        """Return G of one class against the rest, negative where its share has fallen."""
        before = self._usual.get(key, 0.0) + PRIOR
        return signed_g(recent[key], total, before, usual + 2 * PRIOR)

    def _learn(self, i: int, block: Counts) -> None:
        """Learn a block that is past: its scatter, and (the longer blocks) the usual shares."""
        weight = SURPRISED if self._surprised[i] else 1.0
        self._surprised[i] = False
        usual = sum(self._usual.values())
        total = sum(block.values())
        if usual >= ENOUGH and total > 1:
            g = [abs(self._g(key, block, total, usual)) for key in block]
            mean, blocks = self._scatter[i]
            seen = min(sum(g) / len(g), 10 * mean)  # one storm must not make a flow deaf
            self._scatter[i] = [
                max(mean + (seen - mean) / (blocks + 1), 1.0),
                min(blocks + 1, FOLLOWED),
            ]
        if i == len(SPANS) - 1:
            fade = 0.5 ** (1 / REMEMBERED)
            faded = {key: fade * n for key, n in self._usual.items() if fade * n > 0.01}
            for key, times in block.items():
                faded[key] = faded.get(key, 0.0) + weight * times
            self._usual = faded

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "usual": list(self._usual.items()),
            "recent": [tally.state() for tally in self._recent],
            "scatter": [list(scatter) for scatter in self._scatter],
            "surprised": list(self._surprised),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._usual = dict(map(tuple, state["usual"]))
        for tally, saved in zip(self._recent, state["recent"], strict=True):
            tally.restore(saved)
        self._scatter = [list(scatter) for scatter in state["scatter"]]
        self._surprised = list(state["surprised"])


def signed_g(hits: float, total: float, usual_hits: float, usual: float) -> float:
    """Return Williams' corrected G of two shares; negative if the first is the smaller.

    >>> round(signed_g(5, 5, 0.5, 21), 1), round(signed_g(5, 50, 2, 20), 1)
    (18.8, 0.0)
    """
    rows, whole = (total, usual), total + usual
    column = hits + usual_hits
    columns = (column, whole - column)
    cells = ((hits, total - hits), (usual_hits, usual - usual_hits))
    g = 2 * sum(
        cell * math.log(cell * whole / (rows[r] * columns[c]))
        for r, row in enumerate(cells)
        for c, cell in enumerate(row)
        if cell > 0
    )
    if min(*rows, *columns) <= 0:
        return 0.0
    spread = whole * sum(1 / r for r in rows) - 1
    q = 1 + spread * (whole * sum(1 / c for c in columns) - 1) / (6 * whole)
    return math.copysign(max(g, 0.0) / q, hits / total - usual_hits / usual)


def tail(z: float) -> float:
    """-log10 of the normal tail probability beyond ``z``.

    >>> round(tail(3.0902), 2), round(tail(60.0), 0)
    (3.0, 784.0)
    """
    if z < 30:
        return -math.log10(math.erfc(z / math.sqrt(2)) / 2)
    return (z * z / 2 + math.log(z * math.sqrt(2 * math.pi))) / math.log(10)
