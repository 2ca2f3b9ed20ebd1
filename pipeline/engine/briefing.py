"""What people tell the engine, put into effect: annotations, changes, verdicts.

Word may come late. Then the latest windows are expected anew by what is known now, and the level
forgets what turns out to have been foretold.
"""

from __future__ import annotations

from typing import get_args

import numpy as np

from detectors.columns import Floats
from detectors.outlook import Scaling
from detectors.relearning import depth, explain, look_again, relearn
from pipeline.engine.annotations import Scope, Stretch, stretch_of
from pipeline.engine.changes import TENANT, change_of
from pipeline.engine.closing import Closing
from pipeline.engine.emissions import FlowKey
from pipeline.engine.feedback import Place, Verdict
from pipeline.engine.flows import Flows, Rows
from pipeline.engine.identity import fingerprint
from pipeline.engine.outlooks import EDGE, Outlooks
from pipeline.settings import EngineSettings
from schemas.signals import SignalName
from schemas.structs import Annotation, ConfigChanged


class Briefing:
    """Takes what people tell of the flows of a partition."""

    def __init__(
        self, settings: EngineSettings, flows: Flows, outlooks: Outlooks, closing: Closing
    ) -> None:
        self._width = settings.window_seconds
        self._flows = flows
        self._outlooks = outlooks
        self._closing = closing

    def annotate(self, tenant: str, at: float, told: Annotation) -> None:
        """Take an annotation that was made at an instant (epoch seconds).

        Raises
        ------
        ValueError
            If it lacks what its kind needs, or its tenant has too many.
        """
        if told.kind == "feedback":
            self._judge(tenant, at, told)
            return
        stretch = stretch_of(tenant, told)
        rows = np.flatnonzero(self._outlooks.covered(stretch.scope))
        upcoming = self._flows.upcoming[rows]
        before = {u: self._latest_scaling(u) for u in np.unique(upcoming).tolist()}
        replaced = self._outlooks.annotations.put(stretch)
        for number, scaling in before.items():
            if any(self._in_sight(number, s) for s in (stretch, replaced) if s):
                here = rows[upcoming == number]
                self._look_again(number, here)
                self._explain(here, scaling, self._latest_scaling(number))

    def change(self, tenant: str, at: float, told: ConfigChanged) -> None:
        """Take a change that was made at an instant; the flow it concerns learns anew.

        One that names no flow may concern any of the tenant's: alerts mention it, and that is all.
        """
        change = change_of(at, told)
        flow_id = told.flow_id or (told.object_id if told.object == "flow" else None)
        if flow_id is None:
            self._outlooks.changes.put(tenant, TENANT, change)
            return
        row = self._flows.row(FlowKey(tenant, flow_id))
        if row is None:
            return
        self._outlooks.changes.put(tenant, row, change)
        upcoming = int(self._flows.upcoming[row])
        if change.of_pattern:
            self._closing.schedules.drop(row)
        if change.until > upcoming * self._width:
            rows = np.array([row])
            relearn(self._closing.bank, rows, pattern=change.of_pattern)
            self._look_again(upcoming, rows)

    def _judge(self, tenant: str, at: float, told: Annotation) -> None:
        for name in ("verdict", "alert_fingerprint"):
            if getattr(told, name) is None:
                raise ValueError(f"data.{name} is required for kind feedback")
        place = self._place(tenant, told)
        if place is not None:
            alert = told.alert_id or self._outlooks.feedback.latest(place)
            false_alarm = told.verdict == "false_alarm"
            verdict = Verdict(int(at), alert, told.author or "", false_alarm)
            self._outlooks.feedback.put(place, verdict)

    def _place(self, tenant: str, told: Annotation) -> Place | None:
        """Find whose fingerprint it is; None if of no flow in this partition."""
        meant = self._outlooks.covered(Scope(tenant, told.scope))
        for row in np.flatnonzero(meant).tolist():
            for signal in get_args(SignalName):
                if fingerprint(*self._flows.keys[row], signal) == told.alert_fingerprint:
                    return row, signal
        return None

    def _latest_scaling(self, upcoming: int) -> Scaling | None:
        return self._outlooks.scaling((upcoming - 1) * self._width, hindsight=True)

    def _numbers(self, upcoming: int) -> range:
        """The windows whose expectations are held while ``upcoming`` is the next to close."""
        end = upcoming + self._closing.ahead
        return range(end - depth(self._closing.bank), end)

    def _in_sight(self, upcoming: int, stretch: Stretch) -> bool:
        numbers = self._numbers(upcoming)
        first, end = numbers.start * self._width, numbers.stop * self._width
        return stretch.since - EDGE < end and first < stretch.until + EDGE

    def _look_again(self, upcoming: int, rows: Rows) -> None:
        starts, now = [n * self._width for n in self._numbers(upcoming)], upcoming * self._width
        minutes = [self._closing.minutes(start, rows) for start in starts]
        told = [self._outlooks.scaling(start, hindsight=start < now) for start in starts]
        look_again(self._closing.bank, rows, minutes, told)

    def _explain(self, rows: Rows, before: Scaling | None, after: Scaling | None) -> None:
        ordinary = Scaling.ordinary(len(self._flows))
        before, after = before or ordinary, after or ordinary
        low = np.minimum(_log_ratio(after.low[rows], before.low[rows]), 0)
        high = np.maximum(_log_ratio(after.high[rows], before.high[rows]), 0)
        quiet = after.quiet[rows]
        low, high = np.where(quiet, -np.inf, low), np.where(quiet, np.inf, high)
        explain(self._closing.bank, rows, low, high)


def _log_ratio(after: Floats, before: Floats) -> Floats:
    """Logarithm of ``after / before``; 0 where they are equal, none or infinite though they be.

    >>> _log_ratio(np.array([np.inf, np.inf, 0.0]), np.array([np.inf, 1.0, 1.0]))
    array([  0.,  inf, -inf])
    """
    same = after == before
    with np.errstate(divide="ignore"):
        logs: Floats = np.log(np.where(same, 1.0, after) / np.where(same, 1.0, before))
    return logs
