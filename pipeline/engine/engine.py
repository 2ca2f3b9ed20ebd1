"""The engine of one partition: a pure function of its log.

Records in, emissions out. It reads no clock, starts no timer and draws no random number, so the
same log gives the same bytes: once more, on another machine, or after a restart from a snapshot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import compress
from typing import Any

from detectors.reliability import Reliability
from pipeline.engine.batch import FEWEST, RunBatches
from pipeline.engine.briefing import Briefing
from pipeline.engine.closing import Closing
from pipeline.engine.collectors import CollectorAlerts
from pipeline.engine.dedup import SeenIds
from pipeline.engine.emissions import ClosedWindow, DeadLetter, Emission, FlowKey
from pipeline.engine.flow_events import FlowEvents
from pipeline.engine.flows import HORIZON, Feed, Flows
from pipeline.engine.metrics import Metrics
from pipeline.engine.outlooks import Outlooks
from pipeline.engine.records import Entries, dead, read
from pipeline.engine.refused import RefusedError
from pipeline.engine.runs import Runs
from pipeline.engine.snapshot import SnapshotError, dump, load
from pipeline.engine.watermarks import Watermarks
from pipeline.log.base import Record
from pipeline.settings import EngineSettings
from schemas import structs
from schemas.alerts import Alert
from schemas.signals import SignalName
from schemas.structs import EventStruct

KEPT = (structs.RecordTracked, structs.WebhookReceived, structs.Notice)
"""The data of events that are kept in the log for other readers, and only counted here."""


class Engine:
    """Everything about the flows of one partition.

    Parameters
    ----------
    settings
        How events become verdicts.
    partition
        Number of the partition. What concerns all partitions alike (a collector that is down) is
        told by partition 0 alone.

    Attributes
    ----------
    totals
        Running counts since the beginning of the log: ``events.<type>``, ``late``, ``duplicate``,
        ``repeated_state``, ``windows``, ``dead.<reason>``.

    Examples
    --------
    >>> engine = Engine(EngineSettings())
    >>> engine.apply(Record(0, 0, None, b"not an event"))[0].reason
    'json'
    """

    def __init__(self, settings: EngineSettings, partition: int = 0) -> None:
        self.settings = settings
        self.partition = partition
        self.totals: Counter[str] = Counter()
        self.flows = Flows()
        self.watermarks = Watermarks(settings.source_timeout_seconds)
        self._seen = SeenIds(settings.dedup_seconds)
        self._runs = Runs(settings.dedup_seconds)
        self._outlooks = Outlooks(self.flows, settings.window_seconds)
        self._closing = Closing(settings, self.flows, self.watermarks, self._outlooks)
        self._briefing = Briefing(settings, self.flows, self._outlooks, self._closing)
        self._metrics = Metrics(settings, self._outlooks.annotations, self._closing.first_open)
        self._collector_alerts = CollectorAlerts()
        self._flow_events = FlowEvents(settings, self.flows, self._closing, self._runs, self.totals)
        self._batches = RunBatches(
            settings.window_seconds, self.flows, self._closing, self._runs, self.totals
        )

    def apply(self, record: Record) -> list[Emission]:
        """Apply one record; return what it brings about, in order."""
        return [emission for _, emission in self.apply_all((record,))]

    def apply_all(self, records: Iterable[Record]) -> Iterator[tuple[Record, Emission]]:
        """Apply records as if one by one, yet sooner; yield what each brings about, in order.

        The state advances as this is consumed, to the end or not at all: a snapshot in between
        would hold half of a record.
        """
        for portion in read(records):
            for stretch in portion.stretches():
                if len(stretch.events) < FEWEST or (runs := stretch.runs()) is None:
                    yield from self._apply_each(stretch)
                else:
                    yield from self._apply_runs(stretch, runs)

    def _apply_each(self, entries: Entries) -> Iterator[tuple[Record, Emission]]:
        for record, place, event in zip(*entries, strict=True):
            if isinstance(event, DeadLetter):
                yield record, self._bury(event)
            elif isinstance(event.data, structs.Heartbeat) or self._seen.first(
                event.source, event.id
            ):
                for emission in self._apply_event(record, place, event):
                    yield record, emission
            else:
                self.totals["duplicate"] += 1

    def _apply_runs(
        self, entries: Entries, runs: list[EventStruct]
    ) -> Iterator[tuple[Record, Emission]]:
        """Apply a stretch of runs: at once if that comes to the same, or else one by one."""
        first = self._seen.firsts([e.source for e in runs], [e.id for e in runs])
        new = runs if all(first) else list(compress(runs, first))
        if new and self._batches.count(new):
            self.totals[f"events.{runs[0].type}"] += len(new)
            if len(new) < len(runs):
                self.totals["duplicate"] += len(runs) - len(new)
            return
        for event in reversed(new):  # any of them may be refused, and new again when it is repeated
            self._seen.forget(event.source, event.id)
        yield from self._apply_each(entries)

    def _bury(self, letter: DeadLetter) -> DeadLetter:
        self.totals[f"dead.{letter.reason}"] += 1
        return letter

    def _apply_event(
        self, record: Record, place: int | None, event: EventStruct
    ) -> Iterator[Emission]:
        """Apply an event that was not seen before."""
        try:
            yield from self._take(event)
        except RefusedError as refused:
            self._seen.forget(event.source, event.id)
            yield self._bury(dead(record, place, refused.reason, str(refused)))
        else:
            self.totals[f"events.{event.type}"] += 1

    def _take(self, event: EventStruct) -> Iterable[Emission]:
        data = event.data
        if isinstance(data, structs.Heartbeat):
            return self._beat(data)
        if isinstance(data, structs.Annotation | structs.ConfigChanged):
            self._brief(event, data)
        elif isinstance(data, structs.QueueSnapshot) and data.flow_id is None:
            self._flow_events.queues(event, data)
        elif isinstance(data, structs.MetricSample):
            self._sample(event, data)
        elif not isinstance(data, KEPT) and data.flow_id is not None:
            self._flow_events.take(event, data, FlowKey(event.tenant, data.flow_id))
        return ()

    def _brief(self, event: EventStruct, data: structs.Annotation | structs.ConfigChanged) -> None:
        """What people tell. Every partition has it, so one of them alone tells of a defect.

        Far ahead of the log (while old events are replayed) it is taken to be told just now.
        """
        at, now = event.time.timestamp(), self.watermarks.furthest
        if now and at > now + HORIZON:
            at = now
        try:
            if isinstance(data, structs.Annotation):
                self._briefing.annotate(event.tenant, at, data)
            else:
                self._briefing.change(event.tenant, at, data)
        except ValueError as error:
            if self.partition == 0:
                raise RefusedError("annotation", str(error)) from None

    def _beat(self, beat: structs.Heartbeat) -> Iterator[Emission]:
        marks, most = self.watermarks, self.settings.max_collectors
        if beat.collector not in marks.collectors and len(marks.collectors) >= most:
            raise RefusedError(
                "too_many_collectors",
                f"{most:,} collectors are known already: raise engine.max_collectors, or let "
                "senders keep their names",
            )
        marks.beat(
            beat.collector,
            int(beat.watermark.timestamp()),
            None if beat.since is None else int(beat.since.timestamp()),
            finished=beat.status == "finished",
        )
        changed = marks.changes()
        feeds: list[Feed] = self.flows.feeds_of(beat.collector)
        if changed:
            feeds = list(self.flows.feeds.values())  # who is down decides for whom others wait
            if self.partition == 0:
                yield from self._collector_alerts.judge(changed, marks)
        for feed in feeds:
            for one in self._closing.close_due(feed):
                self.totals["windows"] += isinstance(one, ClosedWindow)
                yield one
        yield from self._metrics.close_due()
        self._seen.advance(marks.furthest, marks.own())
        self._runs.advance(marks.furthest)
        self._outlooks.advance(marks.furthest)

    def _sample(self, event: EventStruct, data: structs.MetricSample) -> None:
        mine = data.flow_id is not None or self.partition == 0
        if mine and not self._metrics.sample(event, data):
            self.totals["late"] += 1

    def firing(self) -> list[Alert]:
        """Return the alerts that fire now."""
        return [
            *self._collector_alerts.firing(),
            *self._closing.alerting.firing(),
            *self._metrics.firing(),
        ]

    def raised_thresholds(self) -> dict[tuple[FlowKey, SignalName], float]:
        """Return the thresholds that verdicts have raised, and by how much (0.15 is 15 %)."""
        moved = self._outlooks.feedback.moved(self.watermarks.furthest)
        return {(self.flows.keys[row], signal): raised for (row, signal), raised in moved}

    @property
    def reliability(self) -> Reliability:
        """How well failure forecasts kept what they promised."""
        return self._closing.bank.reliability

    def snapshot(self) -> bytes:
        """Write the whole state down."""
        parts = {name: part.state() for name, part in self._parts().items()}
        return dump({"totals": dict(sorted(self.totals.items())), **parts})

    def restore(self, snapshot: bytes) -> None:
        """Take up a state again; afterwards the future is the same, bit for bit.

        Raises
        ------
        SnapshotVersionError
            If it was written by an engine that keeps its state differently.
        SnapshotError
            If it is damaged; the engine is then of no further use.
        """
        state = load(snapshot)
        try:
            self.totals.clear()
            self.totals.update(state["totals"])
            for name, part in self._parts().items():
                part.restore(state[name])
        except Exception as error:
            raise SnapshotError(f"the snapshot is damaged: {error!r:.200}") from error

    def _parts(self) -> dict[str, Any]:
        return {
            "flows": self.flows,
            "watermarks": self.watermarks,
            "seen": self._seen,
            "runs": self._runs,
            "outlooks": self._outlooks,
            "closing": self._closing,
            "metrics": self._metrics,
            "collector_alerts": self._collector_alerts,
        }
