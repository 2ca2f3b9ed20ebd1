"""Conditions: what a flow is subject to in each minute. Faults and nuisances write them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.columns import Floats


@dataclass(frozen=True, eq=False)
class Conditions:
    """What acts on one flow, by minute; all arrays have shape (minutes,).

    Attributes
    ----------
    load
        Factor on how much there is to do.
    kept
        Share of the runs that come.
    held
        Share of the runs that wait for the next minute that holds none back.
    copies
        Further events for each event.
    size
        Factor on the records of a run.
    slower, longer_wait
        Added to the log of the duration and of the wait in the queue.
    errors, partial, warnings, missing, duplicates
        Added to the shares of runs, or of records, that are so.
    repeats
        Retried runs for each run.
    short
        Share of the arrivals that the queue's service falls short by.
    """

    load: Floats
    kept: Floats
    held: Floats
    copies: Floats
    size: Floats
    slower: Floats
    longer_wait: Floats
    errors: Floats
    partial: Floats
    warnings: Floats
    missing: Floats
    duplicates: Floats
    repeats: Floats
    short: Floats

    @classmethod
    def calm(cls, minutes: int) -> Conditions:
        """Return conditions under which nothing happens."""
        ones = {name: np.ones(minutes) for name in ("load", "kept", "size")}
        names = cls.__dataclass_fields__
        return cls(**{name: ones.get(name, np.zeros(minutes)) for name in names})
