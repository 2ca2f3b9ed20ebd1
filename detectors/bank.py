"""Every detector over the flows of one partition, one row a flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors import channels, cold_start, cusum
from detectors.calibration import shared
from detectors.channels import BORROWED, CHANNELS, KINDS, SHARES, SIGNAL_OF, SIGNALS
from detectors.columns import Bools, Floats, Ints, Verdict, Windows, spread_out, stronger, unknown
from detectors.each_run import runs_of
from detectors.failure import Failure, Foresight
from detectors.flows import Flows
from detectors.outlook import NOTHING, Outlook
from detectors.rate import Shares
from detectors.reliability import Reliability
from detectors.silence import Rhythm
from detectors.state import Rows
from detectors.volume import Counts
from detectors.width import Width
from schemas.signals import SignalName

ALL_ROWS: Final = slice(None)


class Heard(NamedTuple):
    """What one detector said of a window, and of which of the rows."""

    judged: Any
    of: slice | Bools


SELDOM: Final = 0.8
"""Fewer windows make fewer false alarms, though not in proportion: several windows of a minute may
make one alarm. Read off hourly series, where the threshold that keeps the promise is half that of
windows of a minute; series of five minutes keep theirs as well."""
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
        self._seldom = self._width.minutes**-SELDOM
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
            self._capacity = max(rows, 2 * self._capacity)
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
        picked = Rows.of(rows)
        for counts in (self._flows.volume, self._flows.records, self._flows.backlog):
            counts.skip(picked, ahead, outlook)
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
        heard = self._listen(picked, minute, ahead, windows, outlook)
        evidence = np.zeros((flows.calibration.channels, len(rows)))
        known = np.zeros(evidence.shape, bool)
        for name, part in CHANNELS.items():
            if name not in heard:
                continue
            judged, of = heard[name]
            evidence[part, of] = judged.evidence()[: part.stop - part.start]
            known[part, of] = judged.known if isinstance(judged, Shares) else True
        c = flows.calibration.step(picked, evidence, known)
        threshold = shared(self._threshold, self._kinds(picked) * self._seldom)
        self._release(picked, threshold, outlook)
        score = c / threshold
        verdicts = {
            name: self._verdict(name, heard.get(name), score, evidence) for name in SIGNALS[:-1]
        }
        for name, run in flows.each_run.step(picked, minute, runs_of(windows)).items():
            verdicts[name] = stronger(verdicts[name], run.verdict(self._threshold))
        verdicts["failure"] = flows.failure.step(picked, windows, verdicts)
        flows.age[picked.at] += 1
        return outlook.eased(picked, verdicts)

    def _listen(
        self, rows: Rows, minute: Ints, ahead: Ints, w: Windows, outlook: Outlook
    ) -> dict[SignalName, Heard]:
        """Let each detector judge and learn the rows of which it has data."""
        flows = self._flows
        heard: dict[SignalName, Heard] = {}

        def hear(name: SignalName, step: Callable[..., Any], *columns: Floats | Ints) -> None:
            known: Bools = ~np.any(np.isnan(columns), axis=0, keepdims=False)
            if known.all():
                heard[name] = Heard(step(rows, *columns), ALL_ROWS)
            elif known.any():
                part = (column[known] for column in columns)
                heard[name] = Heard(step(rows.only(known), *part), known)

        hear("volume", partial(flows.volume.step, outlook=outlook), w.volume, minute, ahead)
        records = self._sums_of_records(rows, w)
        hear("records", partial(flows.records.step, outlook=outlook), records, minute, ahead)
        hear("backlog", partial(flows.backlog.step, outlook=outlook), w.queue_depth, minute, ahead)
        shares = flows.shares.step(rows, *channels.shares(w))
        heard |= {name: Heard(shares.of(i), ALL_ROWS) for i, name in enumerate(SHARES)}
        took = np.where(w.duration_count == 0, 0.0, w.duration_log)  # its mean is NaN then
        hear("latency", flows.latency.step, w.duration_count, took)
        waited = np.where(w.wait_count == 0, 0.0, w.wait_log)
        hear("wait", flows.wait.step, w.wait_count, waited)
        self._pass_over(rows, ahead, w._replace(records=records), outlook)
        rhythm = self._rhythm(heard.get("volume"), len(rows.numbers))
        rhythm = rhythm._replace(wary=cold_start.wary(flows, rows, rhythm.hour))
        quiet = flows.silence.step(rows, w.volume > 0, minute, rhythm, w.overdue)
        heard["silence"] = Heard(quiet, ALL_ROWS)
        return heard

    def _sums_of_records(self, rows: Rows, w: Windows) -> Floats:
        """Records where their sums tell what volume, or each run by itself, does not."""
        flows = self._flows
        flows.sized[rows.at] |= ~np.isnan(w.records) & (w.records != w.volume)
        telling = flows.sized[rows.at] & ~flows.each_run.few(rows)
        return np.where(telling, w.records, np.nan)

    def _pass_over(self, rows: Rows, ahead: Ints, w: Windows, outlook: Outlook) -> None:
        """Counts that are unknown in this window, but were known before, are skipped."""
        for detector, count in (
            (self._flows.volume, w.volume),
            (self._flows.records, w.records),
            (self._flows.backlog, w.queue_depth),
        ):
            missed = np.isnan(count) & (detector.age[rows.at] > 0)
            if missed.any():
                detector.skip(rows.only(missed), ahead[missed], outlook)

    def _kinds(self, rows: Rows) -> Floats:
        """How many kinds of evidence each row gives."""
        voiced = self._flows.calibration.voiced[:, rows.at]
        heard = [voiced[list(kind)].any(axis=0) for kind in KINDS]
        kinds: Floats = np.sum(heard, axis=0, dtype=np.float64)
        return kinds

    def _release(self, rows: Rows, threshold: Floats, outlook: Outlook) -> None:
        """Hold each cumulative sum to a little above where it alarms, so that it can let go."""
        flows = self._flows
        shares = ((CHANNELS[s].start + 1, flows.shares.risen[i]) for i, s in enumerate(SHARES))
        for channel, sums in (
            (2, flows.volume.risen),
            (3, flows.volume.fallen),
            (6, flows.records.risen),
            (7, flows.records.fallen),
            *shares,
            (21, flows.latency.risen),
            (23, flows.wait.risen),
        ):
            alarm = outlook.threshold(rows, SIGNAL_OF[channel], threshold)
            limit = flows.calibration.limit(rows, channel, RELEASE * alarm)
            sums[rows.at] = np.minimum(sums[rows.at], cusum.total(limit))

    @staticmethod
    def _rhythm(volume: Heard | None, rows: int) -> Rhythm:
        """Runs expected of each row, none where volume is unknown."""
        expected = np.zeros((3, rows))
        expected[2] = 1.0
        if volume is not None:
            counts: Counts = volume.judged
            expected[:, volume.of] = counts.expected, counts.foreseen[-1], counts.alpha[-1]
        return Rhythm(expected[0], expected[1], expected[2], np.zeros(rows, np.bool_))

    def _verdict(
        self, name: SignalName, heard: Heard | None, score: Floats, evidence: Floats
    ) -> Verdict:
        """Word one signal of all rows; unknown where its detector had nothing to judge."""
        if heard is None:
            return unknown(score.shape[1])
        judged, of = heard
        verdict: Verdict
        if name in CHANNELS:
            part = CHANNELS[name]
            verdict = judged.verdict(score[part, of], evidence[part, of])
        else:
            verdict = judged.verdict(self._threshold)
        return verdict if isinstance(of, slice) or of.all() else spread_out(verdict, of)
