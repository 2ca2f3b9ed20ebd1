"""Collecting from every company of the settings, side by side.

Each company has a task, a client and a budget of its own, so that the trouble of one delays no
other. Whatever goes wrong is logged and tried again; only cancelling ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from pipeline.collect.budget import Budget
from pipeline.collect.client import Client
from pipeline.collect.clock import Clock
from pipeline.collect.collector import Collector, Progress
from pipeline.collect.delivery import Delivery
from pipeline.collect.errors import PatchworksError
from pipeline.collect.metrics import CollectMetrics, CompanyMetrics
from pipeline.collect.place import Places
from pipeline.log.base import EventLog, LogUnavailableError
from pipeline.settings import CompanySettings, IngestSettings

LONGEST_WAIT = 60.0
"""Seconds between two attempts at most while a company cannot be polled."""

log = structlog.get_logger()


def no_progress(_tenant: str) -> Progress:
    """Show nothing."""
    return lambda _start, _done, _end: None


async def collect(
    companies: Mapping[str, CompanySettings],
    event_log: EventLog,
    places: Places,
    metrics: CollectMetrics,
    *,
    limits: IngestSettings,
    clock: Clock,
    buries: bool = True,
    progress: Callable[[str], Progress] = no_progress,
) -> None:
    """Poll every company until cancelled.

    Parameters
    ----------
    buries
        Whether the log takes what breaks its contract (see :class:`Delivery`).
    progress
        Gives, for a tenant, what is told how far a long way has come.
    """
    async with asyncio.TaskGroup() as tasks:
        for tenant, company in companies.items():
            mine = metrics.of(tenant, company.requests_per_minute)
            budget = Budget(company.requests_per_minute, clock)
            collector = Collector(
                tenant,
                company,
                Client(company, budget, clock, mine.asked),
                places,
                Delivery(tenant, event_log, limits, buries=buries),
                clock,
                mine,
                progress(tenant),
            )
            tasks.create_task(_keep_polling(collector, company.poll_seconds, clock, mine))


async def _keep_polling(
    collector: Collector, every: float, clock: Clock, metrics: CompanyMetrics
) -> None:
    async with collector.client:
        failures = 0
        while True:
            began = clock.seconds()
            try:
                await collector.poll()
                failures = 0
            except (PatchworksError, LogUnavailableError) as error:
                failures += 1
                metrics.failed(error)
                reason = f"{type(error).__name__}: {error}"
                log.warning("poll failed", tenant=collector.tenant, reason=reason)
            except Exception as error:
                # Going on matters more than the one poll: without heartbeats the engine is blind.
                failures += 1
                metrics.failed(error)
                log.exception("poll failed", tenant=collector.tenant)
            wait = min(every * 2 ** min(failures, 8), LONGEST_WAIT) if failures else every
            await clock.sleep(max(began + max(wait, every) - clock.seconds(), 0.0))
