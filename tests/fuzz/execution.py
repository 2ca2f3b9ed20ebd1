"""One execution of a target: whether it held, and what it cost."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field

from tests.fuzz.targets import Check

STALL_MS = 100.0
"""Processor time of a single execution from which it is a stall."""


@dataclass(frozen=True)
class Fault:
    """An input that is not handled as documented. ``place`` tells one defect from another."""

    place: str
    story: str
    raw: bytes


@dataclass
class Tally:
    """What became of the executions so far."""

    executions: int = 0
    slowest_ms: float = 0.0
    slowest: bytes = b""
    faults: dict[str, Fault] = field(default_factory=dict)

    def execute(self, check: Check, raw: bytes) -> None:
        """Run a target on one input and count it."""
        self.executions += 1
        took, fault = measured(check, raw)
        if took > self.slowest_ms:
            # Once could be the collector of garbage or a cold cache; what an input costs it costs
            # again.
            took = min(took, *(measured(check, raw)[0] for _ in range(2)))
        if took > self.slowest_ms:
            self.slowest_ms, self.slowest = took, raw
        if fault is None and took > STALL_MS:
            fault = Fault("stall", f"took {took:.0f} ms of processor time", raw)
        if fault is not None:
            self.faults.setdefault(fault.place, fault)


def measured(check: Check, raw: bytes) -> tuple[float, Fault | None]:
    """Run a target on one input.

    Returns
    -------
    milliseconds
        Processor time beyond the work that the input rightly asks for.
    fault
        What it did not stand, if anything.
    """
    begun = time.process_time()
    try:
        asked = check(raw) or 0.0
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} at {where.filename.rpartition('/')[2]}:{where.lineno}"
        return 1e3 * (time.process_time() - begun), Fault(place, traceback.format_exc(), raw)
    return max(0.0, 1e3 * (time.process_time() - begun) - asked), None
