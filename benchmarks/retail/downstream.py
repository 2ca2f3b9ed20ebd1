"""Downstream: flows that other flows feed, and so what is wrong there echoes here."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.signal import lfilter

from benchmarks.retail.arrivals import Stream
from benchmarks.retail.world import Fault
from detectors.columns import Floats

SPREAD: Final = 5.0
"""Minutes over which what comes from upstream is spread."""
ECHOES: Final = frozenset(
    {"stop", "drop", "double", "retry storm", "rate limit", "missing run", "half run", "duplicates"}
)
"""Kinds of fault that change how much passes on."""
LINGERS: Final = 60
"""Minutes after its delay for which an echo is taken to last."""


class Fed(NamedTuple):
    """Runs of which a part follows those of another flow.

    Attributes
    ----------
    own
        The part that does not.
    upstream
        Index of the flow that feeds it, one earlier in its world.
    share
        Runs for each run upstream.
    delay
        Minutes until they come.
    """

    own: Stream
    upstream: int
    share: float
    delay: int

    def after(self, runs: Floats) -> Stream:
        """Return how the runs come, given those upstream."""
        late = np.concatenate([np.full(self.delay, runs[:1440].mean()), runs])[: len(runs)]
        keeps = np.exp(-1 / SPREAD)
        passed: Floats = lfilter([1 - keeps], [1, -keeps], late)
        expected = self.own.expected + self.share * passed
        return self.own._replace(expected=expected, peak=float(np.quantile(expected, 0.99)))

    def echo(self, flow: int, fault: Fault) -> Fault | None:
        """Return what a fault upstream does to this flow, or None."""
        if fault.flow != self.upstream or fault.kind not in ECHOES:
            return None
        end = fault.end + self.delay + LINGERS
        return Fault(flow, "echo", fault.start, end, fault.severity)
