"""Nuisances: what happens in any estate and nobody wants an alarm for."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.retail.conditions import Conditions
from benchmarks.retail.noise import Rng
from benchmarks.retail.world import DAY

ERROR_BLIPS: Final = 0.5
"""A day: one minute in which 3-10 % of the runs fail (a system that restarts)."""
VOLUME_BLIPS: Final = 0.5
"""A day: one minute with half or up to two and a half times the usual."""
PAUSES: Final = 0.3
"""A day: one or two minutes in which nothing starts (a deployment); it comes right after."""
SLOW_BLIPS: Final = 0.5
"""A day: one minute in which runs take 1.3-2 times as long."""


def disturb(c: Conditions, rng: Rng) -> None:
    """Write a flow's nuisances into its conditions."""
    minutes = len(c.load)

    def moments(per_day: float) -> np.ndarray:
        return rng.integers(0, minutes - 1, rng.poisson(per_day * minutes / DAY))

    for minute in moments(ERROR_BLIPS):
        c.errors[minute] += rng.uniform(0.03, 0.1)
    for minute in moments(VOLUME_BLIPS):
        c.load[minute] *= rng.uniform(1.5, 2.5) if rng.random() < 0.6 else 0.5
    for minute in moments(PAUSES):
        c.held[minute : minute + int(rng.integers(1, 3))] = 1.0
    for minute in moments(SLOW_BLIPS):
        c.slower[minute] += np.log(rng.uniform(1.3, 2.0))
