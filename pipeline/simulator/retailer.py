"""A mid-size retailer on Patchworks: a dozen flows and how each of them lives.

Volumes, rhythms and durations are those of a shop with some 25,000 orders on a weekday. Rates of
error, dispersion and wander lie in the ranges the detection notes measured detectors on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from detectors.columns import Floats, Ints

TENANT = "moor-harbour"
RETAILER = "Moor & Harbour"

DAY = 1440
"""Minutes in a day."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How much is done at each minute of the week, as a factor of the weekday mean.

    Attributes
    ----------
    peaks
        Busy times of the day: hour (UTC), width in hours (standard deviation), height.
    night_floor
        What is left when no peak is near, on the scale of the heights.
    weekend
        Factor for Saturday and Sunday.

    Examples
    --------
    >>> shop = Rhythm(peaks=((12.0, 3.0, 1.0),), night_floor=0.1, weekend=0.5)
    >>> noon, midnight = shop.at(np.array([12 * 60, 24 * 60]))
    >>> bool(noon > 8 * midnight)
    True
    """

    peaks: tuple[tuple[float, float, float], ...]
    night_floor: float
    weekend: float

    def at(self, minutes: Ints) -> Floats:
        """Return the factor at each epoch minute; over the minutes of a weekday its mean is 1."""
        day = self._day()
        weekday = (minutes // DAY + 3) % 7  # epoch day 0 was a Thursday; Monday is 0
        factor: Floats = np.where(weekday >= 5, self.weekend, 1.0) * day[minutes % DAY]
        return factor

    def _day(self) -> Floats:
        hours = np.arange(DAY) / 60
        shape = np.full(DAY, self.night_floor)
        for hour, width, height in self.peaks:
            away = (hours - hour + 12) % 24 - 12  # round the clock: 23:00 is near 01:00
            shape += height * np.exp(-0.5 * (away / width) ** 2)
        mean_one: Floats = shape / shape.mean()
        return mean_one


@dataclass(frozen=True, slots=True)
class Cadence:
    """A schedule: a tick every ``every`` minutes, ``offset`` minutes past midnight UTC.

    >>> Cadence(every=60, offset=5).cron, Cadence(every=1440, offset=130).cron
    ('5 * * * *', '10 2 * * *')
    """

    every: Literal[5, 15, 60, 1440]
    offset: int = 0
    tolerance_s: float = 600.0

    @property
    def cron(self) -> str:
        """The schedule as Patchworks holds it."""
        hour, minute = divmod(self.offset, 60)
        if self.every == DAY:
            return f"{minute} {hour} * * *"
        return f"{minute} * * * *" if self.every == 60 else f"*/{self.every} * * * *"

    def ticks(self, minutes: Ints) -> Ints:
        """Return those of the epoch minutes on which a run is due."""
        due: Ints = minutes[(minutes - self.offset) % self.every == 0]
        return due


@dataclass(frozen=True, slots=True)
class Latency:
    """Run duration: natural log of milliseconds on average, its spread, and what load adds.

    Pages of a schedule end in the minute they start in, as the windows of the history have it.
    """

    log_mean: float
    sd: float
    load_effect: float


@dataclass(frozen=True, slots=True)
class FlowProfile:
    """One flow as it lives when nothing is wrong.

    Attributes
    ----------
    runs
        Mean runs a minute on a weekday; for a flow with a ``cadence``, mean runs a tick.
    dispersion
        k of the negative binomial each minute is drawn from: the variance is m + m²/k.
    error_rate, missing_rate
        Shares of runs that fail, and of records that lack an attribute.
    records
        Mean records a run carries.
    """

    flow_id: str
    name: str
    source: str
    target: str
    runs: float
    rhythm: Rhythm
    latency: Latency
    dispersion: float
    error_rate: float
    records: float
    missing_rate: float = 0.0
    cadence: Cadence | None = None

    @property
    def trigger(self) -> Literal["schedule", "webhook"]:
        """What starts a run."""
        return "schedule" if self.cadence else "webhook"

    @property
    def runs_a_day(self) -> float:
        """Mean runs on a weekday."""
        return self.runs * DAY / (self.cadence.every if self.cadence else 1)


SHOP = Rhythm(peaks=((12.5, 3.2, 0.8), (20.0, 2.2, 1.0)), night_floor=0.12, weekend=1.2)
WAREHOUSE = Rhythm(peaks=((9.0, 2.4, 1.0), (15.0, 2.6, 0.9)), night_floor=0.06, weekend=0.45)
OFFICE = Rhythm(peaks=((10.5, 2.0, 1.0), (14.5, 2.2, 0.9)), night_floor=0.15, weekend=0.4)
EVEN = Rhythm(peaks=((14.0, 5.0, 0.6),), night_floor=0.5, weekend=0.9)

FLOWS: tuple[FlowProfile, ...] = (
    FlowProfile(
        "orders-shopify-netsuite", "Orders: Shopify to NetSuite", "Shopify", "NetSuite",
        runs=18, rhythm=SHOP, latency=Latency(8.3, 0.5, 0.10), dispersion=60,
        error_rate=0.005, records=1.0,
    ),
    FlowProfile(
        "orders-shopify-peoplevox", "Orders: Shopify to Peoplevox", "Shopify", "Peoplevox",
        runs=15, rhythm=SHOP, latency=Latency(7.4, 0.45, 0.08), dispersion=80,
        error_rate=0.004, records=1.0,
    ),
    FlowProfile(
        "orders-bigcommerce-netsuite", "Marketplace orders: BigCommerce to NetSuite",
        "BigCommerce", "NetSuite",
        runs=6, rhythm=SHOP, latency=Latency(8.4, 0.5, 0.10), dispersion=50,
        error_rate=0.006, records=1.0,
    ),
    FlowProfile(
        "stock-peoplevox-shopify", "Stock: Peoplevox to Shopify", "Peoplevox", "Shopify",
        runs=22, rhythm=EVEN, latency=Latency(6.8, 0.6, 0.15), dispersion=40,
        error_rate=0.003, records=6.0,
    ),
    FlowProfile(
        "fulfilments-peoplevox-shopify", "Fulfilments: Peoplevox to Shopify",
        "Peoplevox", "Shopify",
        runs=11, rhythm=WAREHOUSE, latency=Latency(7.2, 0.5, 0.12), dispersion=40,
        error_rate=0.004, records=1.0,
    ),
    FlowProfile(
        "refunds-shopify-netsuite", "Refunds: Shopify to NetSuite", "Shopify", "NetSuite",
        runs=2.5, rhythm=OFFICE, latency=Latency(8.2, 0.6, 0.05), dispersion=60,
        error_rate=0.006, records=1.0,
    ),
    FlowProfile(
        "returns-shopify-peoplevox", "Returns: Shopify to Peoplevox", "Shopify", "Peoplevox",
        runs=2, rhythm=EVEN, latency=Latency(7.5, 0.5, 0.05), dispersion=60,
        error_rate=0.005, records=1.0,
    ),
    FlowProfile(
        "customers-shopify-klaviyo", "Customers: Shopify to Klaviyo", "Shopify", "Klaviyo",
        runs=9, rhythm=SHOP, latency=Latency(6.3, 0.5, 0.10), dispersion=50,
        error_rate=0.005, records=1.0, missing_rate=0.015,
    ),
    FlowProfile(
        "products-akeneo-shopify", "Products: Akeneo to Shopify", "Akeneo", "Shopify",
        runs=5, rhythm=OFFICE, latency=Latency(9.2, 0.4, 0.05), dispersion=30,
        error_rate=0.006, records=40.0, missing_rate=0.008, cadence=Cadence(every=15),
    ),
    FlowProfile(
        "prices-netsuite-shopify", "Prices: NetSuite to Shopify", "NetSuite", "Shopify",
        runs=10, rhythm=OFFICE, latency=Latency(8.9, 0.35, 0.03), dispersion=40,
        error_rate=0.005, records=120.0, cadence=Cadence(every=60, offset=5),
    ),
    FlowProfile(
        "status-shipstation-shopify", "Order status: ShipStation to Shopify",
        "ShipStation", "Shopify",
        runs=3, rhythm=WAREHOUSE, latency=Latency(8.0, 0.4, 0.05), dispersion=40,
        error_rate=0.004, records=15.0, cadence=Cadence(every=5),
    ),
    FlowProfile(
        "payouts-shopify-netsuite", "Settlement payouts: Shopify to NetSuite",
        "Shopify", "NetSuite",
        runs=1, rhythm=EVEN, latency=Latency(12.2, 0.15, 0.0), dispersion=60,
        error_rate=0.002, records=900.0,
        cadence=Cadence(every=1440, offset=130, tolerance_s=900.0),
    ),
)  # fmt: skip
