"""What Patchworks keeps: flows, runs from queue to end, jobs that wait, keys that passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pipeline.simulator.retailer import FlowProfile

RUNNING, SUCCESS, FAILURE, STOPPED, PARTIAL = 1, 2, 3, 4, 5


class EntityType(NamedTuple):
    """What a business key is the key of."""

    id: int
    name: str


_TRACKED = {
    "orders": EntityType(37, "Orders"),
    "refunds": EntityType(48, "Refunds"),
    "fulfilments": EntityType(58, "Fulfilments"),
    "returns": EntityType(63, "Return"),
}
"""By what a flow's name says it carries; the others have no track step."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow, and the number Patchworks knows it by."""

    id: int
    profile: FlowProfile

    @property
    def version_id(self) -> int:
        """Its only version."""
        return 10 * self.id

    @property
    def entity(self) -> EntityType | None:
        """What its track step tracks, if it has one."""
        return _TRACKED.get(self.profile.name.partition(":")[0].split()[-1].lower())


@dataclass(frozen=True, slots=True)
class Run:
    """One run from queue to end. Instants are epoch milliseconds."""

    id: int
    flow: Flow
    trigger: str
    queued: int
    started: int
    finished: int
    outcome: int
    summary: str | None
    records: int
    warned: bool
    retry_of: int | None

    def status(self, now: int) -> int:
        """Return the status it shows at an instant."""
        return RUNNING if now < self.finished else self.outcome


@dataclass(slots=True)
class Job:
    """A row of the queue: there from ``queued`` until ``picked``, if it has been."""

    id: int
    flow: Flow
    trigger: str
    queued: int
    picked: int | None = None


class Passed(NamedTuple):
    """A business key of a run came in (Receive) or went out (Send)."""

    at: int
    run: Run
    direction: str
    entity: EntityType
