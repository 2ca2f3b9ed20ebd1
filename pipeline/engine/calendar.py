"""Calendar time: the instant of a window, and where in the local week of its tenant it lies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Minutes = NDArray[np.int64]


class Calendar:
    """Minutes of the local week, by tenant.

    Parameters
    ----------
    default
        IANA time zone of tenants that have none of their own.
    zones
        IANA time zone by tenant.

    Examples
    --------
    >>> calendar = Calendar("UTC", {"acme": "Europe/London"})
    >>> noon = 1_783_339_200  # Monday 6 July 2026, 12:00 UTC
    >>> calendar.minutes_of_week(noon)[[calendar.zone("other"), calendar.zone("acme")]].tolist()
    [720, 780]
    """

    def __init__(self, default: str, zones: Mapping[str, str]) -> None:
        names = dict.fromkeys([default, *zones.values()])
        self._zones = [ZoneInfo(name) for name in names]
        self._index = {tenant: list(names).index(name) for tenant, name in zones.items()}

    def zone(self, tenant: str) -> int:
        """Return the number of a tenant's time zone."""
        return self._index.get(tenant, 0)

    def minutes_of_week(self, epoch: int) -> Minutes:
        """Return the minute of the week (0 = Monday 00:00) at an instant, for each time zone."""
        at = instant(epoch)
        local = [at.astimezone(zone) for zone in self._zones]
        return np.array([t.weekday() * 1440 + t.hour * 60 + t.minute for t in local], np.int64)


def instant(epoch: int) -> datetime:
    """Return epoch seconds as an instant."""
    return datetime.fromtimestamp(epoch, UTC)
