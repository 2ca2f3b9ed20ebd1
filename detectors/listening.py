"""What every detector hears in one window of some flows, each in the rows of which it has data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detectors import channels, cold_start
from detectors.channels import BORROWED, COUNTED, SHARES, SIGNALS, TIMED, ByModel
from detectors.columns import Bools, Floats, Ints, Verdict, Windows, one_of
from detectors.counts import Counts
from detectors.flows import Flows
from detectors.latency import Durations
from detectors.outlook import Outlook
from detectors.rate import Shares
from detectors.silence import Quiet, Rhythm
from detectors.state import Rows
from schemas.signals import SignalName


class Moment(NamedTuple):
    """A window, when it was, and what is known of it beyond the data; as in `FlowBank.step`."""

    minute: Ints
    ahead: Ints
    windows: Windows
    outlook: Outlook


class Heard(NamedTuple):
    """What each detector judged, and where there was anything to judge.

    ``counts`` and ``durations`` have a row for each of `COUNTED` and `TIMED` of each flow, side by
    side.
    """

    counts: Counts
    shares: Shares
    durations: Durations
    quiet: Quiet
    known: ByModel

    def evidence(self) -> ByModel:
        """Raw evidence of all channels; 0 where there was nothing to judge."""
        counts = self.counts.evidence().reshape(4, -1, len(COUNTED))
        counts[1:, :, COUNTED.index("backlog")] = -np.inf  # a short queue is no fault
        durations = self.durations.evidence().reshape(2, -1, len(TIMED))
        return ByModel(counts, self.shares.evidence(), durations)

    def verdicts(
        self, score: ByModel, evidence: ByModel, threshold: float
    ) -> dict[SignalName, Verdict]:
        """The verdicts on all that is observed."""
        counts = self.counts.verdict(score.counts.reshape(4, -1), evidence.counts.reshape(4, -1))
        shares = self.shares.verdict(score.shares, evidence.shares)
        durations = self.durations.verdict(
            score.durations.reshape(2, -1), evidence.durations.reshape(2, -1)
        )
        found = {s: one_of(counts, i, len(COUNTED)) for i, s in enumerate(COUNTED)}
        found |= {s: Verdict(*(column[i] for column in shares)) for i, s in enumerate(SHARES)}
        found |= {s: one_of(durations, i, len(TIMED)) for i, s in enumerate(TIMED)}
        found["silence"] = self.quiet.verdict(threshold)
        return {name: found[name] for name in SIGNALS[:-1]}


def listen(flows: Flows, rows: Rows, now: Moment) -> Heard:
    """Let each detector judge and learn the rows of which it has data."""
    w = now.windows
    counts, counted = _counts(flows, rows, now)
    shares = flows.shares.step(rows, *channels.shares(w))
    durations, timed = _durations(flows, rows, w)
    rhythm = _rhythm(counts, counted[:, 0])
    rhythm = rhythm._replace(wary=cold_start.wary(flows, rows, rhythm.hour))
    quiet = flows.silence.step(rows, w.volume > 0, now.minute, rhythm, w.overdue)
    known = ByModel(
        np.broadcast_to(counted, (4, *counted.shape)),
        np.broadcast_to(shares.known, (2, *shares.known.shape)),
        np.broadcast_to(timed, (2, *timed.shape)),
    )
    return Heard(counts, shares, durations, quiet, known)


def _counts(flows: Flows, rows: Rows, now: Moment) -> tuple[Counts, Bools]:
    """Judge what is counted, and pass over what was known before, but is not in this window."""
    w, model = now.windows, flows.counts
    count = np.ravel((w.volume, _telling_records(flows, rows, w), w.queue_depth), order="F")
    minute, ahead = np.repeat(now.minute, model.series), np.repeat(now.ahead, model.series)
    patient = np.repeat(_tells_more(flows, rows), model.series)
    outlook, each, known = (
        now.outlook.each(model.series),
        rows.series(model.series),
        ~np.isnan(count),
    )
    if known.all():
        counts = model.step(each, count, (minute, ahead), patient, outlook)
    else:
        missed = ~known & (model.age[each.at] > 0)
        if missed.any():
            model.skip(each.only(missed), ahead[missed], outlook)
        told = each.only(known)
        when = minute[known], ahead[known]
        counts = model.step(told, count[known], when, patient[known], outlook).spread(known)
    return counts, known.reshape(-1, model.series)


def _tells_more(flows: Flows, rows: Rows) -> Bools:
    """Whether a flow ever told of anything but counts."""
    more: Bools = np.any(flows.calibration.voiced[:, rows.at][BORROWED], axis=0)
    return more


def _telling_records(flows: Flows, rows: Rows, w: Windows) -> Floats:
    """Records where their sums tell what volume, or each run by itself, does not."""
    flows.sized[rows.at] |= ~np.isnan(w.records) & (w.records != w.volume)
    telling = flows.sized[rows.at] & ~flows.each_run.few(rows)
    return np.where(telling, w.records, np.nan)


def _durations(flows: Flows, rows: Rows, w: Windows) -> tuple[Durations, Bools]:
    """Judge how long things took; the mean logarithm of none is NaN."""
    model = flows.durations
    count = np.ravel((w.duration_count, w.wait_count), order="F")
    log = np.ravel((w.duration_log, w.wait_log), order="F")
    known = ~np.isnan(np.where(count == 0, 0.0, count + log))
    each = rows.series(model.series)
    if known.all():
        durations = model.step(each, count, log)
    else:
        told = each.only(known)
        durations = model.step(told, count[known], log[known]).spread(known)
    return durations, known.reshape(-1, model.series)


def _rhythm(counts: Counts, known: Bools) -> Rhythm:
    """Runs expected of each row, none where volume is unknown."""
    volume = slice(COUNTED.index("volume"), None, len(COUNTED))
    expected = np.where(known, counts.expected[volume], 0.0)
    hour = np.where(known, counts.foreseen[-1, volume], 0.0)
    return Rhythm(expected, hour, counts.alpha[-1, volume], np.zeros(len(known), np.bool_))
