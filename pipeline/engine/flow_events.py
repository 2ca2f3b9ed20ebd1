"""Events of flows, applied one by one."""

from __future__ import annotations

from collections import Counter

from pipeline.engine.accumulator import RECORDS_IN, STARTED, UNKNOWN, Cells, Kind
from pipeline.engine.closing import Closing
from pipeline.engine.counting import count_run, count_window, take_depth
from pipeline.engine.emissions import FlowKey
from pipeline.engine.flows import HORIZON, MOST_FEEDERS, Flows
from pipeline.engine.open_windows import MixedWindowError
from pipeline.engine.refused import RefusedError
from pipeline.engine.runs import Runs
from pipeline.settings import EngineSettings
from schemas import structs
from schemas.structs import EventStruct

FlowData = (
    structs.FlowRun
    | structs.FlowWindow
    | structs.FlowLog
    | structs.QueueSnapshot
    | structs.ConnectorCall
    | structs.ScheduleExpected
)
"""The data of events that concern one flow."""


class FlowEvents:
    """Applies events of single flows to their open windows, books of errors and schedules.

    Parameters
    ----------
    settings
        How events become verdicts.
    totals
        Counts what comes late, and states of runs that are no news.
    """

    def __init__(
        self,
        settings: EngineSettings,
        flows: Flows,
        closing: Closing,
        runs: Runs,
        totals: Counter[str],
    ) -> None:
        self._width = settings.window_seconds
        self._most = settings.max_flows
        self._flows = flows
        self._closing = closing
        self._runs = runs
        self._totals = totals

    def take(self, event: EventStruct, data: FlowData, key: FlowKey) -> None:
        """Apply an event of a flow.

        Raises
        ------
        RefusedError
            If it cannot be applied.
        """
        at = event.time.timestamp()
        number = int(at) // self._width
        row = self._row(key, event.collector or event.source, number)
        if isinstance(data, structs.ScheduleExpected):
            tolerance = None if data.tolerance_s is None else int(data.tolerance_s)
            self._closing.schedules.promise(row, int(data.due_at.timestamp()), tolerance)
            return
        if number < self._flows.upcoming[row]:
            self._totals["late"] += 1
            return
        if isinstance(data, structs.FlowRun):
            self._run(data, row, number, at)
        elif isinstance(data, structs.FlowWindow):
            self._window(event, data, row, number)
        elif isinstance(data, structs.QueueSnapshot):
            take_depth(self._open(number, row, "events"), data.depth, data.oldest_age_s)
        elif isinstance(data, structs.FlowLog):
            self._closing.errors.log(row, number, data)
        elif isinstance(data, structs.ConnectorCall):
            self._closing.errors.call(row, number, data)

    def _row(self, key: FlowKey, collector: str, number: int) -> int:
        row = self._flows.row(key)
        if row is None:
            if len(self._flows) >= self._most:
                raise RefusedError(
                    "too_many_flows",
                    f"{self._most:,} flows are watched already: raise engine.max_flows, or add "
                    "partitions",
                )
            first = self._closing.first_open(frozenset({collector}))
            row = self._flows.add(key, collector, number if first is None else max(first, number))
            self._closing.grow(key.tenant)
            return row
        if not self._flows.fed_by(row, collector):
            raise RefusedError(
                "too_many_collectors",
                f"{MOST_FEEDERS} others send events of this flow already: let senders keep to one "
                "source, or name their collector",
            )
        if (number - int(self._flows.upcoming[row])) * self._width > HORIZON:
            raise RefusedError(
                "too_far_ahead",
                f"time lies more than two days ahead of what collector {collector!r} has vouched "
                "for: is its clock right, and does it send heartbeats?",
            )
        return row

    def _open(self, number: int, row: int, kind: Kind) -> Cells:
        try:
            return self._closing.windows.at(number, row, kind)
        except MixedWindowError as error:
            raise RefusedError("mixed_window", str(error)) from None

    def _run(self, run: structs.FlowRun, row: int, number: int, at: float) -> None:
        window = self._open(number, row, "events")
        if not self._flows.reports_runs[row]:
            self._closing.describe(row, run.trigger)
        self._flows.reports_runs[row] = True
        self._flows.reports_records[row] |= run.records_in is not None
        if run.flow_name is not None:
            self._flows.names[row] = run.flow_name
        if count_run(window, self._runs, row, run, at):
            self._closing.errors.run(row, number, run)
        else:
            self._totals["repeated_state"] += 1

    def _window(self, event: EventStruct, given: structs.FlowWindow, row: int, number: int) -> None:
        if given.seconds != self._width or int(event.time.timestamp()) % self._width:
            raise RefusedError(
                "window_width", f"data.seconds must be {self._width}, and time a multiple of it"
            )
        window = self._open(number, row, "window")
        count_window(window, given)
        self._flows.reports_runs[row] |= window[STARTED] != UNKNOWN
        self._flows.reports_records[row] |= window[RECORDS_IN] != UNKNOWN
        if given.flow_name is not None:
            self._flows.names[row] = given.flow_name

    def queues(self, event: EventStruct, snapshot: structs.QueueSnapshot) -> None:
        """A tenant's queue, told flow by flow: each partition takes what concerns its flows."""
        number = int(event.time.timestamp()) // self._width
        for flow_id, depth in (snapshot.by_flow or {}).items():
            row = self._flows.row(FlowKey(event.tenant, flow_id))
            if row is not None and number >= self._flows.upcoming[row]:
                take_depth(self._open(number, row, "events"), depth, None)
