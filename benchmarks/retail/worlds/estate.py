"""Estate: a whole retailer, whose flows share its trade and feed one another.

Orders of shop, app and stores drive stock, fulfilment and invoices; marketplaces are polled in
batches of limited size; payouts and settlements come by the calendar. Some flows start mid-way,
some grow or shrink, and two schedules are moved.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.retail.arrivals import Stream
from benchmarks.retail.assemble import Frame, Plant, assemble
from benchmarks.retail.cron import Cron, jitter, ticks
from benchmarks.retail.downstream import Fed
from benchmarks.retail.noise import Rng, switching, wander
from benchmarks.retail.rhythm import between, by_day, growth, hump, levelled, two_humps
from benchmarks.retail.world import DAY, MINUTES, World, minutes_of_week
from benchmarks.retail.worlds.clockwork import informed
from detectors.columns import Floats, Ints

TIMEZONE = "Europe/London"
LUNCH = 1 - 0.8 * between(12.5, 13.25)
WEEKDAYS = by_day(np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]))
SATURDAYS = by_day(np.array([1.0, 1.0, 1.0, 1.0, 1.1, 0.6, 0.0]))
SHOP, APP = 0, 1
"""Indices of the flows that feed others."""


def estate(seed: int, per_day: float, minutes: int = MINUTES) -> World:
    """Make the world of 23 flows."""
    frame = Frame("estate", seed, minutes, per_day, timezone=TIMEZONE)
    maker = _Maker(minutes_of_week(TIMEZONE, minutes), _trade(minutes, frame.dice()))
    plants: list[Plant] = []
    for make in (_orders, _downstream, _office, _marketplaces, _calendar, _moving):
        plants += make(maker, frame.dice(len(plants)))
    return assemble(frame, plants)


def _trade(minutes: int, rng: Rng) -> Floats:
    """Return what all of a retailer's trade shares: slow swings, and two busy evenings."""
    trade = np.exp(wander(minutes, rng, 0.9995, 0.003))
    for day in rng.choice(np.arange(2, max(minutes // DAY, 4)), 2, replace=False).tolist():
        hours = np.arange(minutes) / 60 - 24 * day
        trade *= 1 + rng.uniform(0.5, 1.2) * np.exp(-0.5 * ((hours - 20) / 1.5) ** 2)
    return trade


class _Maker(NamedTuple):
    """The retailer's clock and trade, from which flows are made."""

    local: Ints
    trade: Floats

    def stream(self, week: Floats, rate: float, rng: Rng, *, shared: bool = True) -> Stream:
        """Make runs that follow a week's rhythm, and trade if they share in it."""
        level = np.exp(wander(len(self.local), rng, 0.985, 0.012))
        expected = levelled(week)[self.local] * level * rate * (self.trade if shared else 1.0)
        return Stream(expected, float(np.quantile(expected, 0.99)), rng.uniform(20, 150))

    def cron(self, period: int, late: int, rng: Rng, *, offset: int | None = None) -> Cron:
        """Make single runs of a schedule whose size follows trade."""
        due = ticks(self.local, period, int(rng.integers(period)) if offset is None else offset)
        work = levelled(0.4 + two_humps(rng))[self.local] * self.trade
        work *= np.exp(wander(len(work), rng, 0.995, 0.01))
        return Cron(due, jitter(len(due), late, rng), work)


def _orders(maker: _Maker, rng: Rng) -> list[Plant]:
    """What customers do: the shop, the app, and the stores in their opening hours."""
    days = by_day(rng.uniform(0.8, 1.3, 7))
    shop = maker.stream(two_humps(rng) * days, rng.uniform(15, 80), rng)
    app = maker.stream((two_humps(rng) + hump(22, 1.5)) * days, rng.uniform(3, 20), rng)
    stores = maker.stream(between(9, 20) * (0.6 + hump(13, 2) + hump(17, 1.5)) * days, 40, rng)
    loyalty = maker.stream(two_humps(rng), rng.uniform(2, 10), rng)
    often = np.full(len(maker.local), 1 / 45)
    on = switching(often, 1 / 30, rng)
    return [
        Plant("shop orders", "orders", informed(rng), shop),
        Plant("app orders", "orders", informed(rng), app._replace(cluster=2.0)),
        Plant("store sales", "open hours", informed(rng), stores),
        Plant(
            "loyalty", "webhook", informed(rng), loyalty._replace(expected=loyalty.expected * on)
        ),
    ]


def _downstream(maker: _Maker, rng: Rng) -> list[Plant]:
    """What orders set off: stock, customers, fulfilment."""
    own = maker.stream(np.ones_like(WEEKDAYS), rng.uniform(1, 5), rng, shared=False)
    little = own._replace(expected=own.expected / 10)
    return [
        Plant("stock updates", "fed", informed(rng), Fed(own, SHOP, rng.uniform(0.8, 2), 2)),
        Plant("customers", "fed", informed(rng), Fed(little, APP, rng.uniform(0.2, 0.5), 0)),
        Plant("fulfilment requests", "fed", informed(rng), Fed(little, SHOP, 0.9, 25)),
    ]


def _office(maker: _Maker, rng: Rng) -> list[Plant]:
    """What people do in working hours, with a dip at lunch."""
    picked = maker.stream(between(6, 22) * LUNCH * SATURDAYS, rng.uniform(5, 30), rng)
    invoices = maker.stream(between(8.5, 17.5) * LUNCH * WEEKDAYS, rng.uniform(1, 8), rng)
    refunds = maker.stream((0.1 + between(9, 18)) * WEEKDAYS, rng.uniform(0.1, 0.6), rng)
    return [
        Plant("shipments", "lunch", informed(rng), picked),
        Plant("invoices", "lunch", informed(rng), invoices),
        Plant("refunds", "trickle", informed(rng), refunds),
    ]


def _marketplaces(maker: _Maker, rng: Rng) -> list[Plant]:
    """Marketplaces are polled, and give at most so many orders a call."""
    ten, five = maker.cron(10, 1, rng), maker.cron(5, 1, rng)
    records, few = rng.uniform(20, 60), rng.uniform(3, 15)
    listings = maker.cron(60, 3, rng)._replace(pages=rng.uniform(20, 120))
    return [
        Plant(
            "marketplace orders",
            "capped",
            informed(rng, records=records, queued=False),
            ten._replace(cap=1.2),
        ),
        Plant(
            "second marketplace",
            "capped",
            informed(rng, records=few, queued=False),
            five._replace(cap=1.2),
            promised=True,
        ),
        Plant("listings", "hourly pages", informed(rng), listings),
    ]


def _calendar(maker: _Maker, rng: Rng) -> list[Plant]:
    """What comes by the calendar: products at night, payouts by day, settlements by week."""
    nightly = maker.cron(DAY, 4, rng, offset=int(rng.integers(60, 300)))
    payouts = maker.cron(DAY, 5, rng, offset=450)
    weekly = maker.cron(7 * DAY, 5, rng, offset=360)
    workdays = payouts.due[WEEKDAYS[maker.local[payouts.due]] > 0]
    payouts = payouts._replace(due=workdays, late=payouts.late[: len(workdays)])
    closing = maker.stream(between(20.1, 20.6), rng.uniform(1, 4), rng)

    def large(low: float, high: float) -> float:
        return 10 ** rng.uniform(low, high)

    def run(name: str, shape: str, records: float, cron: Cron) -> Plant:
        return Plant(name, shape, informed(rng, records=records, queued=False), cron, promised=True)

    return [
        run("products", "nightly", large(3.3, 4.3), nightly),
        run("payouts", "daily", large(2, 3), payouts),
        run("settlement", "weekly", large(3.5, 4), weekly),
        Plant("store closing", "daily", informed(rng), closing),
    ]


def _moving(maker: _Maker, rng: Rng) -> list[Plant]:
    """What changes: schedules that are moved, flows that grow, shrink, or are new."""
    minutes = len(maker.local)
    days = rng.permutation(np.arange(16, 26))[:2] * DAY
    prices = _moved(maker, 15, int(days[0]), rng)
    rates = _moved(maker, 60, int(days[1]), rng)
    growing = maker.stream(two_humps(rng), rng.uniform(2, 20), rng)
    shrinking = maker.stream(two_humps(rng), rng.uniform(5, 30), rng)
    new = maker.stream(two_humps(rng), rng.uniform(2, 40), rng)
    half = min(16 * DAY + 600, minutes // 2)
    return [
        Plant("prices", "moved", informed(rng, records=30, queued=False), prices, promised=True),
        Plant("exchange rates", "moved", informed(rng, records=12, queued=False), rates),
        Plant("subscriptions", "growing", informed(rng), _scaled(growing, growth(minutes, 1.5))),
        Plant("old shop", "shrinking", informed(rng), _scaled(shrinking, growth(minutes, -0.6))),
        Plant("new shop", "new", informed(rng), new, born=min(9 * DAY + 600, minutes // 3)),
        Plant(
            "new marketplace",
            "new",
            informed(rng, records=80, queued=False),
            maker.cron(30, 2, rng),
            born=half,
        ),
    ]


def _moved(maker: _Maker, period: int, at: int, rng: Rng) -> Cron:
    """Make a schedule whose offset changes from one minute on."""
    cron = maker.cron(period, 2, rng, offset=1)
    later = ticks(maker.local, period, 1 + period // 3)
    due = np.concatenate([cron.due[cron.due < at], later[later >= at]])
    return cron._replace(due=due, late=jitter(len(due), 2, rng))


def _scaled(stream: Stream, factor: Floats) -> Stream:
    return stream._replace(expected=stream.expected * factor)
