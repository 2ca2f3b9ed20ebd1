"""A first look at a company: what can be seen, and what it will cost to watch it."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import NamedTuple

from pipeline.collect.client import Client
from pipeline.collect.flows import FLOWS_EVERY, read_flows
from pipeline.collect.paging import PER_PAGE
from pipeline.collect.place import FlowSeen
from pipeline.collect.rows import whole
from pipeline.collect.windows import OVERLAP, Window
from pipeline.settings import CompanySettings

DAY = timedelta(days=1)


class Survey(NamedTuple):
    """What a first look has found.

    Attributes
    ----------
    flows
        By id.
    runs
        How many started in the last day.
    """

    flows: dict[str, FlowSeen]
    runs: int

    def requests_per_minute(self, company: CompanySettings) -> float:
        """Return about how many requests watching takes, on average.

        Examples
        --------
        >>> company = CompanySettings(api_key="k")
        >>> Survey({}, 1440).requests_per_minute(company)
        16.2
        """
        listed = self.runs / DAY.total_seconds() * (company.poll_seconds + OVERLAP.total_seconds())
        lists = 2 + company.tracked_data  # the queue, what runs now, business keys
        poll = lists + max(math.ceil(listed / PER_PAGE), 1)
        flows = max(math.ceil(len(self.flows) / PER_PAGE), 1) / (FLOWS_EVERY / timedelta(minutes=1))
        return round(poll * 60 / company.poll_seconds + flows, 1)

    def backfill_minutes(self, company: CompanySettings) -> float:
        """Return about how long it takes to read the past, in minutes.

        Examples
        --------
        >>> Survey({}, 14_400).backfill_minutes(CompanySettings(api_key="k"))
        10.1
        """
        pages = self.runs * company.backfill_days / PER_PAGE
        return round(pages / (company.requests_per_minute * 5 / 6), 1)


async def survey(client: Client) -> Survey:
    """Look at a company.

    Raises
    ------
    PatchworksError
        If it cannot be read.
    """
    flows = await read_flows(client)
    now = (await client.get("/scheduled-flows", {"per_page": 1})).at
    window = Window(now - DAY, now)
    found = await client.get("/flow-runs", {**window.params, "per_page": 1})
    meta = found.document.get("meta") if isinstance(found.document, dict) else None
    return Survey(flows, (whole(meta, "total") if isinstance(meta, dict) else None) or 0)
