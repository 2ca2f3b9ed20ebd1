"""Any number a user feeds (``cogent.metric.sample``), watched by the generic detector.

A number belongs to a flow, or without one to the tenant: then every partition hears of it, and
partition 0 alone judges it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from pipeline.engine.annotations import Annotations
from pipeline.engine.emissions import FlowKey, MetricVerdict
from pipeline.engine.metric_alerts import MetricAlerts
from pipeline.engine.metric_series import MetricKey, MetricSeries
from pipeline.engine.refused import RefusedError
from pipeline.settings import EngineSettings
from schemas.alerts import Alert
from schemas.structs import EventStruct, MetricSample

TENANT: Final = "*"
"""The flow of a number that belongs to a whole tenant; annotations name it so, too."""
HORIZON: Final = 2 * 86_400
"""Seconds a sample may lie ahead of its number's next window, as for flows."""
FORGOTTEN: Final = 7 * 86_400
"""Seconds without a sample after which a number gives way to a new one, where there is no room."""

FirstOpen = Callable[[frozenset[str]], int | None]
"""Tells the first window that is still open to events from some collectors."""


class Metrics:
    """The numbers of a partition, in the order they were first seen.

    Parameters
    ----------
    settings
        How events become verdicts.
    annotations
        What operators have told: masked windows are neither judged nor learned.
    first_open
        Tells when windows close.
    """

    def __init__(
        self, settings: EngineSettings, annotations: Annotations, first_open: FirstOpen
    ) -> None:
        self._settings = settings
        self._annotations = annotations
        self._first_open = first_open
        self._series: dict[MetricKey, MetricSeries] = {}
        self._alerts = MetricAlerts(settings.calm_minutes * 60)

    def __len__(self) -> int:
        return len(self._series)

    def sample(self, event: EventStruct, data: MetricSample) -> bool:
        """Take a sample in; return whether it came in time.

        Raises
        ------
        RefusedError
            If it lies too far ahead, or one number more is more than there is room for.
        """
        width = self._settings.window_seconds
        number = int(event.time.timestamp()) // width
        collector = event.collector or event.source
        key = MetricKey(event.tenant, data.flow_id or TENANT, data.metric)
        series = self._series.get(key)
        upcoming = self._first(collector, number) if series is None else series.upcoming
        if number < upcoming:
            return False
        if (number - upcoming) * width > HORIZON:
            raise RefusedError(
                "too_far_ahead",
                f"time lies more than two days ahead of what collector {collector!r} has vouched "
                "for: is its clock right, and does it send heartbeats?",
            )
        if series is None:
            self._make_room()
            series = self._new(key, upcoming)
        series.collectors |= {collector}
        series.unit = data.unit or series.unit
        series.sample(number, data.value)
        return True

    def _first(self, collector: str, number: int) -> int:
        first = self._first_open(frozenset({collector}))
        return number if first is None else first

    def _new(self, key: MetricKey, upcoming: int) -> MetricSeries:
        extras = [each for each in self._settings.detectors if each.metric == key.metric]
        series = self._series[key] = MetricSeries(extras, upcoming)
        return series

    def _make_room(self) -> None:
        if len(self._series) < self._settings.max_metrics:
            return
        key = min(self._series, key=lambda key: self._series[key].latest)
        series = self._series[key]
        quiet = (series.upcoming - series.latest) * self._settings.window_seconds
        if quiet < FORGOTTEN:
            raise RefusedError(
                "too_many_metrics",
                f"{len(self._series)} numbers are watched already, and none has been quiet for a "
                "week: raise engine.max_metrics, or send fewer",
            )
        del self._series[key]

    def close_due(self) -> Iterator[MetricVerdict | Alert]:
        """Close every window that the watermark has passed, number by number."""
        width = self._settings.window_seconds
        for key, series in self._series.items():
            first = self._first_open(series.collectors)
            if first is None or first <= series.upcoming:
                continue
            for number, mean in series.close(first):
                if not self._annotations.masked(FlowKey(key.tenant, key.flow_id), number * width):
                    verdict = self._verdict(key, series, number * width, mean)
                    yield verdict
                    yield from self._alerts.judge(verdict)
            yield from self._alerts.resolve(key, first * width)

    def _verdict(
        self, key: MetricKey, series: MetricSeries, start: int, mean: float
    ) -> MetricVerdict:
        judged = series.judge(mean)
        return MetricVerdict(
            start=start,
            seconds=self._settings.window_seconds,
            flow=FlowKey(key.tenant, key.flow_id),
            metric=key.metric,
            unit=series.unit,
            observed=mean,
            expected=judged.usual.expected,
            lower=judged.usual.lower,
            upper=judged.usual.upper,
            score=judged.score,
            why=judged.why,
            learning=judged.learning,
        )

    def firing(self) -> list[Alert]:
        """Return the alerts that fire now."""
        return self._alerts.firing()

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        series = [[*key, each.state()] for key, each in self._series.items()]
        return {"series": series, "alerts": self._alerts.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._series = {}
        for *names, series in state["series"]:
            self._new(MetricKey(*names), 0).restore(series)
        self._alerts.restore(state["alerts"])
