"""Every detector over the flows of one partition, one row a flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors import cold_start, cusum
from detectors.calibration import shared
from detectors.channels import (
    ACCUMULATED,
    BORROWED,
    COUNTED,
    CUMULATIVE,
    KINDS,
    TIMED,
    ByModel,
)
from detectors.columns import Bools, Floats, Ints, Verdict, Windows, stronger
from detectors.each_run import runs_of
from detectors.failure import Failure, Foresight
from detectors.flows import Flows
from detectors.listening import Moment, listen
from detectors.outlook import NOTHING, Outlook
from detectors.reliability import Reliability
from detectors.state import Rows, apart
from detectors.width import Width
from schemas.signals import SignalName

SELDOM: Final = 0.8
"""Fewer windows make fewer false alarms, though not in proportion: several windows of a minute may
make one alarm. Read off hourly series, where the threshold that keeps the promise is half that of
windows of a minute; series of five minutes keep theirs as well."""
ROOM: Final = 8
"""Rows by which room grows at least, or else one in so many more: flows come a few at a time, and
room for others is memory lost. Fewer rows than that are doubled."""
RELEASE: Final = 1.4
"""How far above its alarm a cumulative sum may go, as a multiple of the threshold. Without it a sum
that a long fault has filled takes up to four hours to fall back, and the alert stays open."""


class FlowBank:
    """Scores and learns closed windows of many flows with every detector.

    Parameters
    ----------
    threshold
        Calibrated score at which a signal of an ordinary flow is anomalous: its score is then 1.
        See `detectors.calibration.threshold` and `detectors.calibration.shared`.
    window_seconds
        Length of a window.
    horizon_minutes
        How far ahead failure is foreseen.
    warnings_per_flow_week
        Budget of failure warnings that come to nothing.

    Examples
    --------
    >>> bank = FlowBank()
    >>> bank.grow(2)
    >>> rows, monday = np.array([0, 1]), np.array([0, 0])
    >>> unknown = Windows(*np.full((16, 2), np.nan))
    >>> windows = unknown._replace(volume=np.array([3.0, 0.0]))
    >>> verdicts = bank.step(rows, monday, monday + 5, windows)
    >>> verdicts["volume"].observed, verdicts["errors"].observed
    (array([3., 0.]), array([nan, nan]))
    >>> bank.learning(rows)
    array([ True,  True])
    """

    def __init__(
        self,
        *,
        threshold: float = 5.0,
        window_seconds: int = 60,
        horizon_minutes: int = 30,
        warnings_per_flow_week: float = 1.0,
    ) -> None:
        if not threshold > 0:
            raise ValueError(f"threshold must be above 0, not {threshold}")
        if not window_seconds > 0:
            raise ValueError(f"window_seconds must be above 0, not {window_seconds}")
        self._threshold = threshold
        self._width = Width(window_seconds)
        seldom = self._width.minutes**-SELDOM
        self._shared = shared(threshold, np.arange(KINDS.shape[1] + 1) * seldom)
        self._ahead = (horizon_minutes, warnings_per_flow_week)
        self._flows = self._fresh()
        self._rows = self._capacity = 0

    def _fresh(self) -> Flows:
        return Flows(self._threshold, self._width, Failure(self._width, *self._ahead))

    @property
    def rows(self) -> int:
        """How many rows are in use."""
        return self._rows

    def grow(self, rows: int) -> None:
        """Have at least ``rows`` rows; new ones are fresh, existing ones unchanged."""
        if rows > self._capacity:
            have = self._capacity
            self._capacity = max(rows, min(2 * have, have + max(have // ROOM, ROOM)))
            self._flows.reserve(self._capacity)
        self._rows = max(rows, self._rows)

    def learning(self, rows: NDArray[np.int64]) -> Bools:
        """Whether rows are too young to be judged."""
        young: Bools = self._flows.age[rows] <= self._flows.calibration.warm_up
        return young

    def describe(self, row: int, kind: int) -> None:
        """Say of which kind a row is (0 is unknown): flows of a kind are alike."""
        self._flows.kind[row] = kind

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything remembered, as arrays by name; those of flows are views, rows last."""
        return self._flows.state(self._rows) | self._flows.failure.pooled()

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up a `state`: what follows is the same to the bit as with the bank it came from.

        Raises
        ------
        ValueError
            An array is missing or has the wrong shape or dtype.
        """
        ages = state.get("age")
        if ages is None or ages.ndim != 1:
            raise ValueError("detector state lacks the array 'age'")
        self._flows = self._fresh()
        self._rows = self._capacity = 0
        self.grow(len(ages))
        self._flows.restore(state)
        self._flows.failure.take_up(state)

    def foresight(self, row: int) -> Foresight:
        """Say what a row's failure forecast rests on, and what such warnings were worth so far."""
        return self._flows.failure.foresight(row)

    @property
    def reliability(self) -> Reliability:
        """How well failure forecasts kept what they promised."""
        return self._flows.failure.reliability

    @property
    def flows(self) -> Flows:
        """The state of every detector, for `detectors.relearning`."""
        return self._flows

    def skip(self, rows: Ints, minute: Ints, ahead: Ints, outlook: Outlook = NOTHING) -> None:  # noqa: ARG002 - as step
        """Pass over a window nobody watched: nothing is scored, learned, or aged."""
        picked, counts = Rows.of(rows), self._flows.counts
        each = np.repeat(ahead, counts.series)
        counts.skip(picked.series(counts.series), each, outlook.each(counts.series))
        self._flows.silence.skip(picked)
        self._flows.each_run.skip(picked)
        self._flows.failure.skip(picked)

    def excuse(self, rows: NDArray[np.int64]) -> None:
        """Do not hold it against rows if no run comes in the window to be stepped: a holiday."""
        self._flows.silence.excuse(Rows.of(rows))

    def step(
        self,
        rows: NDArray[np.int64],
        minute: Ints,
        ahead: Ints,
        windows: Windows,
        outlook: Outlook = NOTHING,
    ) -> dict[SignalName, Verdict]:
        """Score one closed window of rows, then learn from it.

        Parameters
        ----------
        rows
            Row numbers, strictly increasing.
        minute
            Local minute of the week in which the window starts (0 = Monday 00:00), per row.
        ahead
            The same of the window `detectors.volume.lookahead` later.
        windows
            What was counted; columns parallel to ``rows``.
        outlook
            What is known of these windows beyond the data.

        Returns
        -------
        A verdict for each signal, columns parallel to ``rows``.
        """
        picked, flows = Rows.of(rows), self._flows
        cold_start.lend(flows, picked, self._rows, BORROWED)
        heard = listen(flows, picked, Moment(minute, ahead, windows, outlook))
        evidence = heard.evidence()
        scores = flows.calibration.step(picked, evidence.by_channel(), heard.known.by_channel())
        threshold = self._shared[self._kinds(picked)]
        self._release(picked, threshold, outlook)
        verdicts = heard.verdicts(ByModel.of(scores / threshold), evidence, self._threshold)
        for name, run in flows.each_run.step(picked, minute, runs_of(windows)).items():
            verdicts[name] = stronger(verdicts[name], run.verdict(self._threshold))
        verdicts["failure"] = flows.failure.step(picked, windows, verdicts)
        flows.age[picked.at] += 1
        return outlook.eased(picked, verdicts)

    def _kinds(self, rows: Rows) -> Ints:
        """How many kinds of evidence each row gives."""
        voiced = self._flows.calibration.voiced[:, rows.at][KINDS]
        kinds: Ints = voiced.any(axis=0).sum(axis=0)
        return kinds

    def _release(self, rows: Rows, threshold: Floats, outlook: Outlook) -> None:
        """Hold each cumulative sum to a little above where it alarms, so that it can let go."""
        flows, at = self._flows, rows.at
        alarm = [outlook.threshold(rows, signal, threshold) for signal in ACCUMULATED]
        limit = cusum.total(flows.calibration.limit(rows, CUMULATIVE, RELEASE * np.array(alarm)))
        for sums, most in (
            (apart(flows.counts.risen, len(COUNTED))[:2], limit[:2]),
            (apart(flows.counts.fallen, len(COUNTED))[:2], limit[2:4]),
            (flows.shares.risen, limit[4:-2]),
            (apart(flows.durations.risen, len(TIMED)), limit[-2:]),
        ):
            sums[:, at] = np.minimum(sums[:, at], most)
