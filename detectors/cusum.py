"""Cumulative sums of residuals: small departures that persist become large (Page, 1954)."""

from __future__ import annotations

from typing import Final

from detectors.columns import Floats, Reals

DRIFT: Final = 1.5
"""Standard deviations a residual must exceed to add to the sum (detection notes)."""
CEILING: Final = 400.0
"""Lets the sum fall back within hours however long a departure lasted (detection notes)."""


def accumulate(total: Reals, z: Floats | float) -> Floats:
    """Add one window's residual, of which high is bad.

    Examples
    --------
    >>> import numpy as np
    >>> accumulate(np.array([0.0, 4.0]), np.array([1.0, 3.5]))
    array([0., 6.])
    """
    grown: Floats = (total + z - DRIFT).clip(0, CEILING)
    return grown


def total(evidence: Floats) -> Floats:
    """The sum that stands behind a piece of evidence."""
    return 2 * evidence


def evidence(total: Reals) -> Reals:
    """The sum as raw evidence; only its calibration gives it a meaning."""
    return total / 2
