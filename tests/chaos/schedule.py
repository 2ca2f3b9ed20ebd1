"""What is done to the workers and the broker, in an order that a seed decides."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from tests.e2e.processes import SESSION_SECONDS


class Kind(StrEnum):
    """One kind of disturbance."""

    KILL = "SIGKILL"
    TERMINATE = "SIGTERM"
    SLEEP = "SIGSTOP past the session"
    JOIN = "join"
    LEAVE = "leave"
    BROKER_KILL = "broker SIGKILL"
    BROKER_PAUSE = "broker SIGSTOP"


SECONDS = {
    Kind.KILL: 7.0,
    Kind.TERMINATE: 3.0,
    Kind.SLEEP: 13.0,
    Kind.JOIN: 6.0,
    Kind.LEAVE: 3.0,
    Kind.BROKER_KILL: 7.0,
    Kind.BROKER_PAUSE: 70.0,
}
"""About how long each takes until commits go on, measured on two shared cores: the feed is spread
by it, so that there is work all along. Nothing depends on it being right."""

SLEEP_SECONDS = SESSION_SECONDS + 5
PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class Plan:
    """How often each is done. Joins and leaves alternate, and there are as many of either."""

    kills: int = 30
    terms: int = 20
    stops: int = 15
    joins: int = 10
    broker_kills: int = 5
    broker_pauses: int = 1

    def kinds(self) -> list[Kind]:
        """Return every disturbance there will be, sorted by kind; a leave is a second join."""
        kinds = (Kind.KILL, Kind.TERMINATE, Kind.SLEEP, Kind.JOIN, Kind.BROKER_KILL)
        counts = asdict(self) | {"joins": 2 * self.joins}
        all_kinds = (*kinds, Kind.BROKER_PAUSE)
        return [k for k, n in zip(all_kinds, counts.values(), strict=True) for _ in range(n)]


class Disturbance(NamedTuple):
    """One thing to be done.

    ``victim`` in 0 to 1 picks a worker, ``wait`` is how long to let work go on before, and after
    one that is ``hasty`` the next does not wait until commits go on.
    """

    kind: Kind
    victim: float
    wait: float
    hasty: bool


def schedule(plan: Plan, seed: int) -> list[Disturbance]:
    """Shuffle a plan.

    Examples
    --------
    >>> [each.kind.value for each in schedule(Plan(1, 1, 0, 1, 0, 0), seed=1)]
    ['SIGKILL', 'SIGTERM', 'join', 'leave']
    """
    rng = np.random.default_rng(seed)
    kinds = [Kind(name) for name in rng.permutation(plan.kinds())]
    moves = 0
    found = []
    for kind in kinds:
        if kind is Kind.JOIN:
            kind = Kind.LEAVE if moves % 2 else Kind.JOIN  # noqa: PLW2901
            moves += 1
        victim, wait, haste = rng.random(), rng.uniform(0.2, 2), rng.random()
        found.append(Disturbance(kind, float(victim), float(wait), bool(haste < 0.2)))
    return found
