"""The worlds: each is a retailer of its own structure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.retail.world import World
from benchmarks.retail.worlds.bursts import bursts
from benchmarks.retail.worlds.clockwork import clockwork
from benchmarks.retail.worlds.estate import estate
from benchmarks.retail.worlds.trade import trade

WORLDS: Final[Mapping[str, Callable[[int, float, int], World]]] = {
    "trade": trade,
    "clockwork": clockwork,
    "bursts": bursts,
    "estate": estate,
}
"""By name: each makes its world of a seed, faults a flow and day, and minutes."""
