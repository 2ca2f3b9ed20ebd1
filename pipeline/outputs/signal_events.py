"""Verdicts of closed windows as CloudEvents, written column by column.

Nearly all that the engine publishes are verdicts, and most of each is the same for every flow of a
window or for every signal of a flow. So these parts are encoded once, the numbers of a signal all
together, and each event is joined of them: the very bytes that encoding it as a whole would give.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.columns import Floats, Verdict
from pipeline.engine.emissions import ClosedWindow, FlowKey
from pipeline.engine.outlooks import RELEARNING
from schemas.signals import SignalName

SOURCE: Final = "cogentai"
SIGNAL_TYPE: Final = "cogent.signal"

_STATUSES: Final = np.array(["normal", "learning", "relearning", "anomalous"], dtype=object)
_NORMAL, _LEARNING, _RELEARNING, _ANOMALOUS = range(4)

_MAX_SCORE: Final = 1e9  # what an infinite score is written as: JSON has no infinity
_DIGITS: Final = 6
_LEAST: Final = -12
_POWERS: Final[Floats] = np.array([float(f"1e{n}") for n in range(_LEAST, 19)])

_encode_json = msgspec.json.Encoder().encode


def signal_events(closed: ClosedWindow) -> Iterator[bytes]:
    """Encode the verdicts that have something to say, signal by signal.

    A quantity that was not observed is written as null, which is what msgspec makes of NaN.
    """
    verdicts = closed.verdicts.values()
    measured = _measured(verdicts, len(closed.flows))
    signals, rows = np.nonzero(~np.isnan(measured[0]) | (measured[-1] > 0))
    if not len(rows):
        return
    numbers = significant(measured[:, signals, rows])
    score = numbers[-1]
    seconds = np.array([verdict.span for verdict in verdicts])[signals, rows] * closed.seconds
    spans, statuses = _spans(seconds, score > 0), _statuses(closed, signals, rows, score)
    of_signals = [_of_signal(closed, name) for name in closed.verdicts]
    of_flows = [_of_flow(key) for key in closed.flows]
    for signal, row, observed, expected, lower, upper, strength, span, status in zip(
        signals.tolist(), rows.tolist(), *_written(numbers), spans, statuses, strict=True
    ):
        id_, names = of_flows[row]
        before, behind = of_signals[signal]
        yield (
            f'{{"specversion":"1.0","id":{id_}{before}{names}{behind}{observed},'
            f'"expected":{expected},"lower":{lower},"upper":{upper},"score":{strength},'
            f'"spans":{span},"status":"{status}"}}}}'
        ).encode()


@lru_cache(maxsize=16_384)
def _of_flow(key: FlowKey) -> tuple[str, str]:
    """Write what all verdicts on a flow share: the beginning of their ids, and its names."""
    tenant, flow_id = (_encode_json(name).decode() for name in key)
    id_ = _encode_json(f"sig:{key}").decode()[:-1]  # the id goes on, so without its last quote
    return id_, f'{tenant},"data":{{"tenant":{tenant},"flow_id":{flow_id}'


def _of_signal(closed: ClosedWindow, name: SignalName) -> tuple[str, str]:
    """Write what all verdicts on a signal share: what stands before a flow's names, and behind."""
    start = utc(closed.start)
    before = f':{name}:{closed.start}","source":"{SOURCE}","type":"{SIGNAL_TYPE}","time":"{start}"'
    behind = f',"signal":"{name}","window_start":"{start}","window_seconds":{closed.seconds}'
    return f'{before},"tenant":', f'{behind},"observed":'


def _measured(verdicts: Collection[Verdict], flows: int) -> Floats:
    """Return what verdicts measured, shape (5, signals, flows); the score comes last."""
    columns = [(v.observed, v.expected, v.lower, v.upper, v.score) for v in verdicts]
    measured = np.array(columns, dtype=np.float64).reshape(len(columns), 5, flows).swapaxes(0, 1)
    measured[-1] = np.nan_to_num(measured[-1], posinf=_MAX_SCORE)
    return measured


def _written(numbers: Floats) -> Iterator[list[str]]:
    """Write each row of numbers."""
    for row in numbers.tolist():
        yield _encode_json(row)[1:-1].decode().split(",")


def _spans(seconds: NDArray[np.int64], scored: NDArray[np.bool_]) -> list[str]:
    """Write spans in minutes, less than one as one; a score of zero was carried by none."""
    minutes = np.where(scored, -(-seconds // 60), 0)
    words = {n: f"[{n}]" if n else "[]" for n in np.unique(minutes).tolist()}
    return [words[n] for n in minutes.tolist()]


def _statuses(
    closed: ClosedWindow, signals: NDArray[np.int64], rows: NDArray[np.int64], score: Floats
) -> list[str]:
    """Return the status of each verdict: anomalous, or else what is known of its flow."""
    relearning = False if closed.relearning is None else closed.relearning
    calm = np.where(closed.learning, _LEARNING, np.where(relearning, _RELEARNING, _NORMAL))
    relearns = np.array([name in RELEARNING for name in closed.verdicts])
    known = calm[rows]
    known = np.where((known == _RELEARNING) & ~relearns[signals], _NORMAL, known)
    statuses: list[str] = _STATUSES[np.where(score > 1, _ANOMALOUS, known)].tolist()
    return statuses


def utc(seconds: int) -> str:
    """Write epoch seconds as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def significant(values: Floats) -> Floats:
    """Round to six significant digits, each to the float nearest that decimal.

    Powers of ten are looked up rather than computed by a logarithm, whose last bit may depend on
    the processor. Outside 1e-12 to 1e18 fewer or more digits remain.

    >>> significant(np.array([0.1 + 0.2, 1234567.0, 0.0, np.nan])).tolist()
    [0.3, 1234570.0, 0.0, nan]
    """
    exponent = np.searchsorted(_POWERS, np.abs(values), side="right") - 1 + _LEAST
    up = _POWERS[np.maximum(_DIGITS - 1 - exponent, 0) - _LEAST]
    down = _POWERS[np.maximum(exponent - _DIGITS + 1, 0) - _LEAST]
    rounded: Floats = np.rint(values / down * up) / up * down
    return rounded + 0.0  # a negative zero becomes positive
