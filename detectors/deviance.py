"""How surprising a count is: negative binomial deviance residuals and their tail evidence."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import log_ndtr

from detectors.columns import Floats, Reals

LN10: Final = 2.302585092994046
SMALLEST: Final = 1e-6
FINE: Final = 256
"""Steps of a standard deviation in which tails are looked up: a straight line between two of them
is off by a millionth at most."""
FAR: Final = 40
"""Standard deviations from which evidence goes on in a straight line: it is 349 there."""


TAIL: Final[Floats] = log_ndtr(np.arange(FAR * FINE + 1) / -FINE) / -LN10
SLOPE: Final[Floats] = np.diff(TAIL)


def deviance_residual(count: Floats, expected: Floats, alpha: Reals) -> Floats:
    """Signed square root of the deviance of a negative binomial count, nearly standard normal.

    The variance is ``expected + alpha * expected**2``; with ``k = 1 / alpha`` the deviance is
    ``2 (x ln(x / L) - (x + k) ln((x + k) / (L + k)))`` (McCullagh and Nelder, Generalized Linear
    Models, 2nd ed., 1989).

    Examples
    --------
    >>> deviance_residual(np.array([0.0, 20.0, 45.0]), np.full(3, 20.0), np.full(3, 0.05)).round(2)
    array([-5.27,  0.  ,  3.14])
    """
    L = expected.clip(SMALLEST, np.inf)
    k = 1 / alpha.clip(SMALLEST, np.inf)
    own = count * np.log(count.clip(SMALLEST, np.inf) / L)  # 0 for a count of 0
    deviance = 2 * (own - (count + k) * np.log1p((count - L) / (L + k)))
    residual: Floats = np.copysign(np.sqrt(deviance.clip(0, np.inf)), count - L)
    return residual


def tail_evidence(z: Floats) -> Floats:
    """-log10 of the normal tail probability beyond ``z``; 0 where ``z`` is not positive.

    Examples
    --------
    >>> tail_evidence(np.array([-1.0, 1.6449, 3.0902, 10.0])).round(2)
    array([ 0. ,  1.3 ,  3. , 23.12])
    """
    steps = z.clip(0, np.inf) * FINE
    place = steps.clip(0, FAR * FINE - 1).astype(np.intp)
    evidence: Floats = (TAIL.take(place) + (steps - place) * SLOPE.take(place)) * (z > 0)
    return evidence


def deviation(expected: Floats, alpha: Reals | float) -> Floats:
    """Standard deviation of a negative binomial count."""
    root: Floats = np.sqrt(expected + alpha * expected**2)
    return root
