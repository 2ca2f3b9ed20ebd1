"""Failure ahead: the symptoms a flow shows, as the probability of an outage soon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.calibration import LEAST_WINDOWS, WARM_UP
from detectors.columns import Bools, Floats, Ints, Singles, Verdict, Windows, or_zero
from detectors.failure_model import KEEP_ONE_IN, FailureModel
from detectors.reliability import Reliability
from detectors.sliding import SlidingSums
from detectors.state import FlowState, Rows, column
from detectors.symptoms import IN_WORDS, SYMPTOMS, accumulate, surprise
from detectors.track_record import NOT_FAILED, TrackRecord
from detectors.width import Width
from schemas.signals import SignalName

BLOCK_SECONDS: Final = 300
"""What followed is noted, and learned, in blocks of at least so long."""
GRACE: Final = 3
"""Blocks by which a failure may become known late: an empty window of a slow flow says little."""
ENOUGH: Final = 5
"""Failures seen before the score speaks."""
LONGEST_HORIZON: Final = 120
"""Minutes; the past that is needed then still fits the bits of an integer."""
WEEK: Final = 7 * 86_400
MEMORY: Final = 62
"""Blocks of which is remembered whether the flow failed."""

MINUTE: Final = Width()


class Foresight(NamedTuple):
    """What a forecast rests on, in words and by experience.

    ``lead_minutes`` is how far ahead of a failure warnings come as a rule, ``confidence`` the share
    of the latest warnings that came true: NaN before there was one.
    """

    reasons: tuple[str, ...]
    lead_minutes: float
    confidence: float


class Failure(FlowState):
    """The forecast of many flows, made anew each window, and what it takes to learn from outcomes.

    A flow fails in a block when at least half of its runs failed (of three or more), or it was
    found to have stopped; then it failed since its last run. Examples are learned once the horizon
    and a grace have shown what followed. Blocks in which the flow was failing are no examples.

    Parameters
    ----------
    width
        Length of a window.
    horizon_minutes
        How far ahead failure is foreseen.
    false_per_week
        Budget of false warnings of a flow.
    """

    strength: Singles = column(0.0, len(SYMPTOMS), dtype=np.float32)
    past: NDArray[np.float16]
    """A ring: probability and strengths at the end of the latest blocks."""
    blocks: NDArray[np.int32] = column(0, dtype=np.int32)
    """Closed so far."""
    unbroken: NDArray[np.int32] = column(0, dtype=np.int32)
    """Blocks since the last window that nobody watched."""
    windows: NDArray[np.int32] = column(0, dtype=np.int32)
    """Seen so far."""
    idle: NDArray[np.int32] = column(0, dtype=np.int32)
    """Windows since a run ended."""
    failing: Ints = column(0, dtype=np.int64)
    """A bit for each past block, the latest lowest."""
    stopped: Bools = column(0, dtype=np.bool_)
    """Whether it was found stopped in the block that is open."""

    def __init__(
        self, width: Width = MINUTE, horizon_minutes: int = 30, false_per_week: float = 1.0
    ) -> None:
        if not 0 < horizon_minutes <= LONGEST_HORIZON:
            raise ValueError(
                f"horizon_minutes must be 1 to {LONGEST_HORIZON}, not {horizon_minutes}"
            )
        self._width = width
        self._warm_up = width.windows(WARM_UP, least=LEAST_WINDOWS)
        self._block = -(-BLOCK_SECONDS // width.seconds)
        self._ahead = -(-horizon_minutes * 60 // (self._block * width.seconds))
        self._delay = self._ahead + GRACE
        self.past = column(np.nan, self._delay + 1, 1 + len(SYMPTOMS), dtype=np.float16)
        super().__init__()
        self.ended = SlidingSums(range(2), (self._block,))
        self.model = FailureModel()
        self.reliability = Reliability()
        self.record = TrackRecord(
            false_per_week * width.seconds / WEEK, self._ahead * self._block, GRACE * self._block
        )

    def step(self, rows: Rows, w: Windows, verdicts: Mapping[SignalName, Verdict]) -> Verdict:
        """Forecast from one window and those before it, and learn what earlier ones led to."""
        at = rows.at
        self.strength[:, at] = accumulate(self.strength[:, at], surprise(verdicts))
        well = (self.windows[at] >= self._warm_up) & (
            _bits(self.failing[at], 0, self._ahead + 1) == 0
        )
        forecast = np.where(well, self.model.probability(self.strength[:, at]), np.nan)
        score = self._score(forecast)
        verdict = self._verdict(forecast, score)
        self.ended.push(rows, or_zero(np.array([w.failed, w.finished])))
        self.stopped[at] |= _stopped(w, verdicts)
        self.idle[at] = np.where(w.finished > 0, 0, self.idle[at] + 1)
        self.windows[at] += 1
        began = np.full(len(score), NOT_FAILED)
        over = self.windows[at] % self._block == 0
        if over.any():
            began[over] = self._close_block(rows.only(over), forecast[over])
        self.record.watch(rows, score, began)
        return verdict

    def skip(self, rows: Rows) -> None:
        """Pass over a window nobody watched: of what came before nobody knows what followed."""
        self.unbroken[rows.at] = 0
        self.strength[:, rows.at] = 0

    def foresight(self, row: int, strongest: int = 3) -> Foresight:
        """Say why a row's forecast is what it is, and what such warnings were worth so far."""
        shares = self.model.contributions(self.strength[:, row : row + 1])[:, 0]
        order = np.argsort(-shares, kind="stable")[:strongest]
        reasons = tuple(IN_WORDS[i] for i in order if shares[i] > 0)
        lead_minutes = self.record.lead * self._width.minutes
        return Foresight(reasons, lead_minutes, self.record.confidence)

    def pooled(self) -> dict[str, NDArray[Any]]:
        """What was learned from all flows together, as arrays by dotted name."""
        return {
            f"{prefix}.{name}": array
            for prefix, part in (
                ("model", self.model.state()),
                ("reliability", self.reliability.state()),
                ("record", self.record.pooled()),
            )
            for name, array in part.items()
        }

    def take_up(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `pooled` gave."""
        for prefix, restore in (
            ("model.", self.model.restore),
            ("reliability.", self.reliability.restore),
            ("record.", self.record.take_up),
        ):
            restore({k.removeprefix(prefix): a for k, a in state.items() if k.startswith(prefix)})

    def _score(self, forecast: Floats) -> Floats:
        """By probability: what the model learned is a calibrated scale already."""
        enough = self.model.failures >= ENOUGH
        return forecast / self.record.level if enough else np.full(len(forecast), np.nan)

    def _verdict(self, forecast: Floats, score: Floats) -> Verdict:
        known = np.where(np.isnan(forecast), np.nan, 0.0)
        base = known + self.model.base
        return Verdict(
            observed=forecast,
            expected=base,
            lower=known,
            upper=known + self.record.level,
            score=or_zero(score),
            evidence=or_zero(forecast),
            high=np.ones(len(score), np.bool_),
            span=np.full(len(score), self._ahead * self._block),
            span_observed=forecast,
            span_expected=base,
        )

    def _close_block(self, rows: Rows, forecast: Floats) -> Ints:
        """Note who failed in a block; return how many windows ago that began, for new failures."""
        at = rows.at
        self._keep(rows, np.concatenate([forecast[None], self.strength[:, at]]))
        failed, finished = self.ended.over(rows)[:, 0]
        stopped, before = self.stopped[at].copy(), self.failing[at].copy()
        fails = stopped | ((finished >= 3) & (failed >= finished / 2))
        began = np.where(stopped, self.idle[at].clip(1, GRACE * self._block), self._block)
        span = -(-began // self._block)
        self.failing[at] = _bits(before << 1 | np.where(fails, 2**span - 1, 0), 0, MEMORY)
        self.strength[:, at] = np.where(fails, 0.0, self.strength[:, at])  # its own are no signs
        self.stopped[at] = False
        self.blocks[at] += 1
        self.unbroken[at] += 1
        self._learn(rows)
        new = fails & (_bits(before, 0, self._ahead) == 0)
        self.model.failures += int(new.sum())
        return np.where(new, began, NOT_FAILED)

    def _keep(self, rows: Rows, evidence: Floats) -> None:
        self.past.reshape(-1)[self._places(rows, 0)] = evidence

    def _places(self, rows: Rows, back: int) -> Ints:
        """Where in the ring evidence of ``back`` blocks ago lies, shape (1 + symptoms, rows)."""
        depth, size, capacity = self.past.shape
        entry = (self.blocks[rows.at] - back) % depth
        places: Ints = (entry * size + np.arange(size)[:, None]) * capacity + rows.numbers
        return places

    def _learn(self, rows: Rows) -> None:
        """Learn the examples of which is known by now what followed."""
        at, failing = rows.at, self.failing[rows.at]
        evidence = self.past.reshape(-1)[self._places(rows, self._delay + 1)].astype(np.float64)
        known = (self.unbroken[at] > self._delay) & ~np.isnan(evidence[0])
        known &= _bits(failing, self._delay, self._ahead + 1) == 0
        failed = _bits(failing, GRACE, self._ahead) > 0
        self.reliability.add(evidence[0, known], failed[known])
        chosen = known & (failed | ((rows.numbers + self.blocks[at]) % KEEP_ONE_IN == 0))
        self.model.learn(evidence[1:, chosen], failed[chosen])


def _stopped(w: Windows, verdicts: Mapping[SignalName, Verdict]) -> Bools:
    """Tell which flows were found not to run though they should."""
    volume, silence = verdicts["volume"], verdicts["silence"]
    empty = (volume.score > 1) & ~volume.high & (w.volume == 0)
    found: Bools = empty | (silence.score > 1)
    return found


def _bits(value: Ints, first: int, number: int) -> Ints:
    """So many bits, from the one at ``first``.

    >>> _bits(np.array([0b1101]), 2, 2)
    array([3])
    """
    some: Ints = value >> first & (2**number - 1)
    return some
