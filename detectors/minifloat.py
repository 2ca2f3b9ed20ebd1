"""Numbers in sixteen bits, from a thousandth to a hundred million: a minifloat without a sign.

The upper bits of a single-precision float: the ten first of its fraction, so that numbers are kept
to 0.05 %, and an exponent that begins at `FINEST`. To tell nothing from little, `FINEST` is added.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Floats

FINEST: Final = 2.0**-10
_SHIFT: Final = np.uint32(13)
_HALF: Final = np.uint32(1 << 12)
_LOWEST: Final = np.float32(FINEST).view(np.uint32)


def encode(numbers: Floats) -> NDArray[np.uint16]:
    """Keep numbers from 0 to 2**27 in two bytes each.

    >>> encode(np.array([0.0, 1.0])).tolist()
    [0, 10241]
    """
    bits = (numbers + FINEST).astype(np.float32).view(np.uint32)
    bits -= _LOWEST - _HALF
    bits >>= _SHIFT
    return bits.astype(np.uint16)


def decode(kept: NDArray[np.uint16]) -> NDArray[np.float32]:
    """The numbers again, each with `FINEST` added: exact multiples of 2**-20.

    >>> (decode(encode(np.array([0.0, 0.5, 3.0]))) - FINEST).round(3)
    array([0.   , 0.5  , 3.001], dtype=float32)
    """
    bits = kept.astype(np.uint32)
    bits <<= _SHIFT
    bits += _LOWEST
    return bits.view(np.float32)
