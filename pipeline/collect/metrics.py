"""Metrics of the collectors, by tenant: budget, delay, errors, what was delivered."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge

from pipeline.collect.delivery import Delivered


class CollectMetrics:
    """The families of all companies; :meth:`of` gives those of one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"cogentai_collect_{name}", text, ["tenant", *labels], registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"cogentai_collect_{name}", text, ["tenant"], registry=registry)

        self.requests = counter("requests", "Requests made, by what came of them.", "outcome")
        self.errors = counter("errors", "Polls and looks that failed, by error.", "kind")
        self.events = counter("events", "Events delivered.", "type")
        self.refused = counter("refused_rows", "Rows that could not be used.")
        self.shed = counter("shed", "Looks left out, or put off, for want of budget.")
        self.budget = gauge("budget_requests_per_minute", "Requests allowed in a minute.")
        self.lag = gauge("lag_seconds", "Behind the present by this much at the last delivery.")
        self.watermark = gauge("watermark_timestamp_seconds", "Everything before is delivered.")

    def of(self, tenant: str, per_minute: int) -> CompanyMetrics:
        """Return the metrics of one company."""
        self.budget.labels(tenant).set(per_minute)
        return CompanyMetrics(self, tenant)


class CompanyMetrics:
    """The metrics of one company."""

    def __init__(self, families: CollectMetrics, tenant: str) -> None:
        self._families = families
        self._tenant = tenant

    def asked(self, outcome: str) -> None:
        """Count a request: by status, or by the name of an error."""
        self._families.requests.labels(self._tenant, outcome).inc()

    def failed(self, error: Exception) -> None:
        """Count a poll, or a part of one, that failed."""
        self._families.errors.labels(self._tenant, type(error).__name__).inc()

    def shed(self) -> None:
        """Count a look that was left out."""
        self._families.shed.labels(self._tenant).inc()

    def delivered(self, delivered: Delivered, watermark: datetime, now: datetime) -> None:
        """Take note of a delivery."""
        for type_, number in delivered.by_type.items():
            self._families.events.labels(self._tenant, type_).inc(number)
        self._families.refused.labels(self._tenant).inc(delivered.refused)
        self._families.watermark.labels(self._tenant).set(watermark.timestamp())
        self._families.lag.labels(self._tenant).set((now - watermark).total_seconds())
