"""Whether each run ended well, against the share of a flow's runs that usually does not."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from detectors.columns import Floats
from detectors.deviance import LN10
from detectors.quantity import ENOUGH, Judged
from detectors.state import FlowState, Rows, column

PRIOR_BAD: Final = (0.1, 5.0)
"""Bad runs, out of so many, that a fresh flow is taken to have shown: one in fifty, which is more
than simulated flows have, and soon outweighed."""
SHARE_MEMORY: Final = 200.0
"""Runs over which the share is remembered."""
EXAMPLE: Final = 0.3
"""What bad runs that alarm count as examples: one outage does not excuse the next, and yet a flow
that always fails is known for it in the end."""


class Outcome(FlowState):
    """Outcomes of the runs of many flows."""

    bad: NDArray[np.float32] = column(PRIOR_BAD[0], dtype=np.float32)
    runs: NDArray[np.float32] = column(PRIOR_BAD[1], dtype=np.float32)
    row: NDArray[np.float32] = column(0.0, dtype=np.float32)

    def step(self, rows: Rows, bad: Floats, ended: Floats, rare: Floats, stop: float) -> Judged:
        """Judge a window's ``bad`` of ``ended`` runs; bad ones in a row add up.

        ``rare`` and ``stop`` are those of `detectors.quantity.Quantity.step`.
        """
        at = rows.at
        share = self.bad[at] / self.runs[at]
        ways = gammaln(ended + 1) - gammaln(bad + 1) - gammaln(ended - bad + 1)
        # so many or more of them: their binomial probability is at most this
        these = np.maximum(-bad * np.log(share) - ways, 0)
        nats = np.where(bad > 0, self.row[at] + these, 0.0)
        self.row[at] = np.where(bad < ended, 0.0, nats)  # one good run ends the row
        enough = self.runs[at] >= PRIOR_BAD[1] + ENOUGH
        evidence = np.where((bad > 0) & enough, nats / LN10 + rare, 0.0)
        kept = 1 - 1 / SHARE_MEMORY
        learned = bad * np.where(evidence > stop, EXAMPLE, 1.0)
        self.bad[at], self.runs[at] = kept * self.bad[at] + learned, kept * self.runs[at] + ended
        one = np.ones(len(bad), np.int64)
        return Judged(bad, share * ended, evidence, one > 0, one)
