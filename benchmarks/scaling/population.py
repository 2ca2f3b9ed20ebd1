"""A population of flows: whose they are, how busy, and on which partition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.log.partitioner import partition_of

TENANTS_EACH = 500
"""Flows a tenant on average."""
TENANT_SIZE = 1.3
"""Spread of the logarithm of a tenant's size: the largest has some hundred times the median."""
RATE_MEDIAN = 0.1
RATE_SPREAD = 2.0
"""Events a flow and minute: six an hour in the middle, over ten a minute for one flow in a hundred.
Assumed, not measured: Patchworks publishes none."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Population:
    """Every flow's tenant and rate (events a minute); a flow's id is its place."""

    tenants: Ints
    rates: Floats

    def key(self, flow: int) -> str:
        """Return the key of a flow. Patchworks numbers its flows."""
        return f"tenant-{self.tenants[flow]}:{100_000 + flow}"


def population(flows: int, seed: int = 1) -> Population:
    """Make so many flows."""
    rng = np.random.default_rng(seed)
    sizes = rng.lognormal(0, TENANT_SIZE, max(flows // TENANTS_EACH, 1))
    tenants = np.sort(rng.choice(len(sizes), flows, p=sizes / sizes.sum()))
    return Population(tenants, rng.lognormal(np.log(RATE_MEDIAN), RATE_SPREAD, flows))


@dataclass(frozen=True)
class Balance:
    """How evenly something lies on the partitions."""

    mean: float
    largest: float
    smallest: float
    largest_to_mean: float

    @classmethod
    def of(cls, loads: Floats | Ints) -> Balance:
        """Measure loads, one a partition."""
        mean = float(loads.mean())
        return cls(mean, float(loads.max()), float(loads.min()), float(loads.max()) / mean)


def places(people: Population, partitions: int, advance: Callable[[], None]) -> Ints:
    """Return the partition of every flow."""
    found = np.zeros(len(people.tenants), dtype=np.int64)
    for flow in range(len(found)):
        found[flow] = partition_of(people.key(flow), partitions)
        if flow % 1000 == 0:
            advance()
    return found
