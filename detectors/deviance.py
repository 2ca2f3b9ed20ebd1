"""How surprising a count is: negative binomial deviance residuals and their tail evidence."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import ndtr

from detectors.columns import Floats

LN10: Final = 2.302585092994046
SMALLEST: Final = 1e-6
FAR: Final = 37.0
"""Standard deviations beyond which a double cannot hold the tail; there ``z**2 / 2`` goes on."""


def deviance_residual(count: Floats, expected: Floats, alpha: Floats | float) -> Floats:
    """Signed square root of the deviance of a negative binomial count, nearly standard normal.

    The variance is ``expected + alpha * expected**2``; with ``k = 1 / alpha`` the deviance is
    ``2 (x ln(x / L) - (x + k) ln((x + k) / (L + k)))`` (McCullagh and Nelder, Generalized Linear
    Models, 2nd ed., 1989).

    Examples
    --------
    >>> deviance_residual(np.array([0.0, 20.0, 45.0]), np.full(3, 20.0), 0.05).round(2)
    array([-5.27,  0.  ,  3.14])
    """
    L = np.maximum(expected, SMALLEST)
    k = 1 / np.maximum(alpha, SMALLEST)
    own = count * np.log(np.maximum(count, SMALLEST) / L)  # 0 for a count of 0
    deviance = 2 * (own - (count + k) * np.log1p((count - L) / (L + k)))
    residual: Floats = np.copysign(np.sqrt(np.maximum(deviance, 0)), count - L)
    return residual


def tail_evidence(z: Floats) -> Floats:
    """-log10 of the normal tail probability beyond ``z``; 0 where ``z`` is not positive.

    Examples
    --------
    >>> tail_evidence(np.array([-1.0, 1.6449, 3.0902, 10.0])).round(2)
    array([ 0. ,  1.3 ,  3. , 23.12])
    """
    near = np.clip(z, 0, FAR)
    evidence: Floats = np.log(ndtr(-near)) / -LN10
    evidence += (np.maximum(z, near) ** 2 - near**2) / (2 * LN10)
    return evidence * (z > 0)


def deviation(expected: Floats, alpha: Floats | float) -> Floats:
    """Standard deviation of a negative binomial count."""
    root: Floats = np.sqrt(expected + alpha * expected**2)
    return root
