"""A rate and how familiar it is, in two bytes: while it is new coarsely, and then finely.

Rates are kept as logarithms. Those seen fewer than `OFTEN` times are means of few counts, and
0.6 % is as good as any; later ones are kept to 0.1 %, so that slow learning gets through.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Ints, Reals

OFTEN: Final = 9
"""Visits from which a rate is familiar: more are not counted."""
FINEST: Final = 2.0**-10
OCTAVES: Final = 37
"""From `FINEST` to a hundred million."""
_COARSE: Final = 2**12
_FINE: Final = 2**16 - OFTEN * _COARSE

Kept = NDArray[np.uint16]


def keep(rate: Reals, visits: Ints) -> Kept:
    """Keep rates from 0 to 1e8, and how often each was seen.

    >>> kept = keep(np.array([0.0, 2.5, 2.5]), np.array([0, 2, 400]))
    >>> rates(kept).round(3), visits(kept)
    (array([0.   , 2.498, 2.501], dtype=float32), array([0, 2, 9]))
    """
    height = np.log2(rate / FINEST + 1) / OCTAVES
    steps = np.where(visits < OFTEN, _COARSE - 1, _FINE - 1)
    kept: Kept = (np.minimum(visits, OFTEN) * _COARSE + np.rint(height * steps)).astype(np.uint16)
    return kept


def rates(kept: Kept) -> NDArray[np.float32]:
    """The rates."""
    found: NDArray[np.float32] = _RATES.take(kept)
    return found


def visits(kept: Kept) -> Ints:
    """How often each was seen, `OFTEN` at most."""
    return np.minimum(kept // _COARSE, OFTEN).astype(np.int64)


def _rates() -> NDArray[np.float32]:
    new = np.tile(np.arange(_COARSE) / (_COARSE - 1), OFTEN)
    height = np.concatenate([new, np.arange(_FINE) / (_FINE - 1)])
    table: NDArray[np.float32] = (FINEST * (np.exp2(height * OCTAVES) - 1)).astype(np.float32)
    return table


_RATES: Final = _rates()
