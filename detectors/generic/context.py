"""Channel "context": values that do not follow from those before them.

Values are cut into eight symbols over the range so far; the next symbol is predicted from the last
none to six of them, each longer context refining the shorter one (prediction by partial matching:
Cleary and Witten 1984, with the blending of Witten and Bell 1991).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.generic.remembered import Remembered
from detectors.generic.rolling_mean import RollingMean
from detectors.generic.tail import Tail

SYMBOLS: Final = 8
ORDERS: Final = 7
SLOTS: Final = 2048
"""Contexts share this many rows of counts by hash; unbounded tables scored the same."""
MEAN: Final = 10
FULL: Final = 2**16 - 1
"""At this count a row is halved: the counts are 16 bits wide."""

_MIX = np.uint32(0x9E3779B1)  # 2**32 over the golden ratio (Knuth, TAOCP 3, 6.4)
_MASKS: NDArray[np.uint32] = np.array([SYMBOLS**n - 1 for n in range(ORDERS)], np.uint32)
_MARKS: NDArray[np.uint32] = np.array([SYMBOLS**n for n in range(ORDERS)], np.uint32)
_SHIFT = np.uint32(32 - 11)


class ContextReading(NamedTuple):
    """A symbol, the rows of its contexts, and what it surprises by (bits), alone and on average."""

    symbol: int
    rows: NDArray[np.uint32]
    surprise: float
    mean_surprise: float


class Context(Remembered):
    """How often each symbol followed each context."""

    remembers = ("counts", "history", "surprises", "tail")

    def __init__(self) -> None:
        self.counts: NDArray[np.uint16] = np.zeros((SLOTS, SYMBOLS), np.uint16)
        self.history = 0
        self.surprises = RollingMean(MEAN)
        self.tail = Tail()

    def read(self, value: float, low: float, high: float) -> ContextReading:
        """Measure a value by what came before it; ``low`` and ``high`` are the range so far."""
        symbol = _symbol(value, min(low, value), max(high, value))
        rows = ((np.uint32(self.history) & _MASKS | _MARKS) * _MIX) >> _SHIFT
        surprise = -math.log2(_probability(self.counts[rows], symbol))
        return ContextReading(symbol, rows, surprise, self.surprises.including(surprise))

    def rarity(self, reading: ContextReading) -> float:
        """Return how rare the average surprise is."""
        return self.tail.rarity(reading.mean_surprise)

    def learn(self, reading: ContextReading) -> None:
        """Take what was read into the past."""
        symbol, rows = reading.symbol, reading.rows
        followed = self.counts[rows, symbol]
        if followed.max() == FULL:
            self.counts[rows] >>= 1
        self.counts[rows, symbol] += 1
        self.history = (self.history * SYMBOLS + symbol) % SYMBOLS ** (ORDERS - 1)
        self.surprises.push(reading.surprise)
        self.tail.learn(reading.mean_surprise)


def _symbol(value: float, low: float, high: float) -> int:
    if not high > low:
        return 0
    return min(int(SYMBOLS * (value - low) / (high - low)), SYMBOLS - 1)


def _probability(counts: NDArray[np.uint16], symbol: int) -> float:
    """Blend the predictions of all contexts, shortest first: shape (orders, symbols)."""
    totals = counts.sum(axis=1).tolist()
    kinds = np.count_nonzero(counts, axis=1).tolist()
    probability = 1 / SYMBOLS
    for followed, total, kind in zip(counts[:, symbol].tolist(), totals, kinds, strict=True):
        if total:
            escape = kind + 0.5
            probability = (followed + escape * probability) / (total + escape)
    return probability
