"""Failure ahead: what the other signals showed lately, as the probability of an outage soon."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.calibration import STOP, WARM_UP
from detectors.columns import Bools, Floats, Ints, Verdict
from detectors.failure_model import IN_WORDS, SIGNALS, FailureModel
from detectors.seasonality import slot_of
from detectors.sliding import SlidingSums
from detectors.state import FlowState, Rows, column

HINGE: Final = 2.0
"""Severity (-log10 of rarity) from which evidence counts: the 99 % quantile of the flow."""
CAP: Final = 6.0
"""Evidence this much over the hinge is enough: more says no more."""
QUARTER, HOUR = 3, 12
HORIZON: Final = 6
"""Blocks of five minutes ahead in which failure is foreseen; as late comes what to learn."""
ENOUGH: Final = 5
"""Failures seen before the score speaks."""
FIRST_BLOCK: Final = WARM_UP // 5 + HORIZON
"""Blocks of evidence not yet on a settled scale are no examples."""
KEEP_ONE_IN: Final = 4
"""Of examples with evidence but no failure one in so many is learned, with as much weight."""
LIMIT: Final = 0.15
"""Probability that warns, at a threshold of 5. Chosen on one simulated seed; on three others, with
2.6 outages a flow-week, of which seven in ten gave signs, 60 % of those were warned of, 14 minutes
ahead, at .4 false warnings a flow-week."""
SPAN: Final = 60


class Forecast(NamedTuple):
    """Failure foreseen per row: logit above the base rate, and probability."""

    above: Floats
    probability: Floats
    base: float
    ready: bool

    def verdict(self, threshold: float) -> Verdict:
        """The verdict, by probability: what the model learned is a calibrated scale already.

        The score is 0 until enough failures were seen.
        """
        rows = len(self.above)
        base, limit = np.full(rows, self.base), np.full(rows, LIMIT * threshold / STOP)
        return Verdict(
            observed=self.probability,
            expected=base,
            lower=np.zeros(rows),
            upper=limit,
            score=self.probability / limit if self.ready else np.zeros(rows),
            evidence=self.above,
            high=np.ones(rows, np.bool_),
            span=np.full(rows, SPAN),
            span_observed=self.probability,
            span_expected=base,
        )


class Failure(FlowState):
    """What a forecast looks back on, of many flows, in blocks of five minutes.

    A flow fails in a block when at least half of its runs failed (of three or more), or it was
    found to have stopped. Examples are learned when half an hour has shown what followed; blocks
    in which the flow was failing already are no examples.
    """

    open_slot: Ints = column(-1, dtype=np.int64)
    blocks: Ints = column(0, dtype=np.int64)
    peak: NDArray[np.float32] = column(0.0, len(SIGNALS), dtype=np.float32)
    peaks: NDArray[np.float32] = column(0.0, HOUR + HORIZON, len(SIGNALS), dtype=np.float32)
    failing: Ints = column(0, dtype=np.int64)
    """A bit for each past block, the latest lowest."""
    stopped: Bools = column(0, dtype=np.bool_)
    above: Floats = column(0.0)

    def __init__(self) -> None:
        super().__init__()
        self.ended = SlidingSums(2, (5,))
        self.model = FailureModel()

    def look_ahead(self, rows: Rows, minute: Ints) -> None:
        """Forecast anew where ``minute`` begins a new block."""
        slot = slot_of(minute)
        over = slot != self.open_slot[rows.at]
        if not over.any():
            return
        done = rows.only(over)
        self._close_block(done)
        self.open_slot[done.at] = slot[over]
        self.above[done.at] = self.model.logit_above_base(self.features(done))
        self._learn(done)

    def calm(self, rows: Rows) -> Bools:
        """Whether rows did not fail lately: of others there is nothing to foretell."""
        well: Bools = self.failing[rows.at] == 0
        return well

    def forecast(self, rows: Rows) -> Forecast:
        """The latest forecast."""
        above = self.above[rows.at].copy()
        base = float(self.model.probability(0.0))
        ready = self.model.failures >= ENOUGH
        return Forecast(above, self.model.probability(above), base, ready)

    def observe(self, rows: Rows, severity: Floats, ended: Floats, stopped: Bools) -> None:
        """Take in one window: severity by `SIGNALS`, runs failed and finished, and stops."""
        at = rows.at
        self.peak[:, at] = np.maximum(self.peak[:, at], severity)
        self.ended.push(rows, ended)
        self.stopped[at] |= stopped

    def features(self, rows: Rows, back: int = 0) -> Floats:
        """The evidence of rows as it stood ``back`` blocks ago, shape (12, rows)."""
        peaks = self.peaks[back : back + HOUR, :, rows.at].astype(np.float64)
        over = np.clip(peaks - HINGE, 0, CAP)
        lasting = sum(over, np.zeros(over.shape[1:])) / HOUR
        return np.concatenate([over[:QUARTER].max(axis=0), lasting])

    def reasons(self, row: int, strongest: int = 3) -> tuple[str, ...]:
        """In words, the features that raise the forecast of a row most."""
        shares = self.model.contributions(self.features(Rows.of(np.array([row]))))[:, 0]
        order = np.argsort(-shares, kind="stable")[:strongest]
        return tuple(IN_WORDS[i] for i in order if shares[i] > 0)

    def _close_block(self, rows: Rows) -> None:
        at = rows.at
        failed, finished = self.ended.over(rows)[:, 0, 0]
        fails = self.stopped[at] | ((finished >= 3) & (failed >= finished / 2))
        self.peaks[1:, :, at] = self.peaks[:-1, :, at].copy()
        self.peaks[0][:, at] = self.peak[:, at]
        self.peak[:, at] = 0
        self.stopped[at] = False
        before = self.failing[at].copy()
        self.failing[at] = (before << 1 | fails) & (2 ** (HORIZON + 1) - 1)
        self.blocks[at] += 1
        new = fails & (before & (2**HORIZON - 1) == 0)
        self.model.failures += int(new.sum())

    def _learn(self, rows: Rows) -> None:
        """Learn the examples of half an hour ago, all those without evidence as one."""
        at, failing = rows.at, self.failing[rows.at]
        example = (self.blocks[at] > FIRST_BLOCK) & (failing >> HORIZON & 1 == 0)
        failed = failing & (2**HORIZON - 1) > 0
        if not example.any():
            return
        evidence = self.features(rows, HORIZON)
        quiet = ~evidence.any(axis=0)
        chosen = (rows.numbers + self.blocks[at]) % KEEP_ONE_IN == 0
        for outcome, weight in (False, KEEP_ONE_IN), (True, 1):
            same = example & (failed == outcome)
            calm = int((same & quiet).sum())
            self.model.learn(evidence[:, same & quiet][:, :1], failed=outcome, weight=calm)
            telling = same & ~quiet & (failed | chosen)
            self.model.learn(evidence[:, telling], failed=outcome, weight=weight)
