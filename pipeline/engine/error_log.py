"""What the runs of each flow complain of: read as it comes, judged as windows close."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bools, Verdict, spread_out
from detectors.errors.book import ErrorBook, Judged, Line, Sighting, read
from detectors.errors.masking import hide_secrets
from detectors.errors.taxonomy import CLASSES, ErrorClass
from pipeline.engine.emissions import ErrorCounts
from pipeline.engine.finding import Quote
from pipeline.engine.flows import Rows
from schemas.signals import SignalName
from schemas.structs import ConnectorCall, FlowLog, FlowRun

ERRORS: Final = frozenset(
    {"ERROR", "FATAL", "CRITICAL", "ALERT", "EMERGENCY", "PANIC", "DPANIC", "SEVERE"}
)
"""Levels of an error, in the spellings of Monolog (RFC 5424), Go's loggers and Java's."""
WARNINGS: Final = frozenset({"WARN", "WARNING"})
"""Levels of a line that counts if it names a known kind of error: a run that catches a refusal
ends as a success with a warning."""
SUCCESS: Final = frozenset({"success", "succeeded", "ok", "completed"})
"""Outcomes of a connector call that went well."""

DETAIL_CHARS: Final = 300
RUNS: Final = 200
"""Runs told apart for one template in one window: beyond that, many are many."""

_Open = dict[int, dict[int, list[str]]]
"""By window number and template number, the runs that said so."""


class ErrorLog:
    """The errors of a partition's flows. Flows that never complained cost one number each.

    Parameters
    ----------
    width
        Seconds of a window.
    budget
        False alarms a week that a flow may raise in all.
    limit
        Evidence from which a shift of the mix is an anomaly.

    Attributes
    ----------
    latest
        By row, the run and the words of the latest error, without secrets.
    """

    def __init__(self, width: int, budget: float, limit: float) -> None:
        self._width = width
        self._budget = budget
        self._limit = limit
        self._books: dict[int, ErrorBook] = {}
        self._open: dict[int, _Open] = {}
        self._watched: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._judged: dict[int, Judged] = {}
        self.latest: dict[int, tuple[str, str]] = {}

    def grow(self, rows: int) -> None:
        """Have room for so many flows."""
        have = len(self._watched)
        if rows > have:
            more = np.full(max(rows, 2 * have) - have, -1, dtype=np.int64)
            self._watched = np.concatenate([self._watched, more])

    def log(self, row: int, number: int, log: FlowLog) -> None:
        """Read a line of a run's log, in window ``number``."""
        self.watch(row)
        level = log.level.upper()
        if level not in ERRORS and level not in WARNINGS:
            return
        line = read(log.message, log.http_status, log.system, log.step_kind)
        if level in ERRORS or line.kind != "unknown":
            self._note(row, number, line, log.run_id)
        if level in ERRORS:
            self._quote_later(row, log.run_id, log.message)

    def run(self, row: int, number: int, run: FlowRun) -> None:
        """Read what a run that has ended says of itself, unless its log has said it already."""
        self.watch(row)
        if run.state != "failure" or not run.summary:
            return
        self._quote_later(row, run.run_id, run.summary)
        heard = self._open.get(row, {}).get(number, {})
        if not any(run.run_id in runs for runs in heard.values()):
            self._note(row, number, read(run.summary), run.run_id)

    def call(self, row: int, number: int, call: ConnectorCall) -> None:
        """Read what became of a request."""
        self.watch(row)
        status, outcome = call.http_status, call.outcome.lower()
        refused = status is not None and status >= 400
        if not (refused or call.throttled or (status is None and outcome not in SUCCESS)):
            return
        answer = outcome if status is None else f"{status} {outcome}"
        line = read(
            f"{call.method or 'call'} {call.endpoint or ''} answered {answer}", status, call.system
        )
        if call.throttled or (refused and call.remaining == 0):
            line = line._replace(kind="rate_limit")
        self._note(row, number, line, call.run_id or "unknown")

    def watch(self, rows: int | Rows) -> None:
        """Note that the errors of these flows would be heard of from now on."""
        self._watched[rows] = np.maximum(self._watched[rows], 0)

    def _quote_later(self, row: int, run_id: str, message: str) -> None:
        self.latest[row] = (run_id, hide_secrets(message[:DETAIL_CHARS]))

    def _note(self, row: int, number: int, line: Line, run_id: str) -> None:
        book = self._books.get(row)
        if book is None:
            book = self._books[row] = ErrorBook(self._budget, self._limit)
        template = book.note(
            line, at=number * self._width, sample=run_id, watched=self._seconds(row)
        )
        runs = self._open.setdefault(row, {}).setdefault(number, {}).setdefault(template, [])
        if len(runs) < RUNS and run_id not in runs:
            runs.append(run_id)

    def _seconds(self, row: int) -> int:
        return int(self._watched[row]) * self._width

    def take(self, number: int, rows: Rows) -> dict[int, list[Sighting]]:
        """Close window ``number`` of some flows; return what was seen in it, by row."""
        taken: dict[int, list[Sighting]] = {}
        for row in sorted(self._open.keys() & rows.tolist()) if self._open else ():
            windows = self._open[row]
            here = windows.pop(number, {})
            for passed in [n for n in windows if n < number]:  # left behind by a leap
                del windows[passed]
            if not windows:
                del self._open[row]
            if here:
                taken[row] = [Sighting(t, len(runs), runs[0]) for t, runs in sorted(here.items())]
        return taken

    def judge(
        self, number: int, rows: Rows, taken: Mapping[int, list[Sighting]], learning: Bools
    ) -> dict[SignalName, Verdict]:
        """Judge what was taken from window ``number`` of the flows that can be judged."""
        self._watched[rows] += self._watched[rows] >= 0
        self._judged = {}
        if not taken:
            return {}
        entries: dict[SignalName, list[_Entry]] = {"new_error": [], "error_mix": []}
        at = number * self._width
        for i, row in enumerate(rows.tolist()):
            if row not in taken:
                continue
            judged = self._books[row].judge(at, taken[row], self._seconds(row))
            self._judged[row] = judged
            loud = not learning[i]
            if news := judged.news:
                span = (at - news.since) // self._width + 1
                entries["new_error"].append(_Entry(i, news.runs, 0.0, span, loud * news.score))
            if shift := judged.shift:
                span = (at - shift.since) // self._width + 1
                score = loud * shift.evidence / self._limit
                entry = _Entry(i, shift.observed, shift.expected, span, score)
                entries["error_mix"].append(entry)
        return {signal: _verdict(found, len(rows)) for signal, found in entries.items() if found}

    def counts(self, rows: Rows, taken: Mapping[int, list[Sighting]]) -> ErrorCounts:
        """Return how many runs complained in a window, by place among ``rows`` and class."""
        found: dict[int, dict[ErrorClass, int]] = {}
        for i, row in enumerate(rows.tolist() if taken else ()):
            for template, runs, _ in taken.get(row, ()):
                if known := self._books[row].known.get(template):
                    here = found.setdefault(i, {})
                    here[known.kind] = here.get(known.kind, 0) + runs
        return found

    def quote(self, row: int, signal: SignalName) -> Quote | None:
        """Return the error that a signal of the window judged last is about."""
        book, judged = self._books.get(row), self._judged.get(row)
        if book is None:
            return None
        if signal == "errors" and (often := book.most_often()):
            return self._quoted(book, often.number)._replace(times=often.times, of=often.of)
        if signal == "new_error" and judged and (news := judged.news):
            return self._quoted(book, news.number)._replace(others=news.others, first=news.first)
        if signal == "error_mix" and judged and (shift := judged.shift):
            number = book.latest_of(CLASSES[shift.key])
            if number is not None:
                return self._quoted(book, number)._replace(times=shift.observed, of=shift.total)
        return None

    def newest(self, row: int) -> tuple[Quote, int] | None:
        """Return the new error a flow last told of, and when (epoch seconds) it was seen last."""
        book = self._books.get(row)
        number = None if book is None else book.newest_raised()
        if book is None or number is None:
            return None
        return self._quoted(book, number), book.known[number].last

    @staticmethod
    def _quoted(book: ErrorBook, number: int) -> Quote:
        known = book.known[number]
        return Quote(book.text(number), known.kind, known.system, known.sample)

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "watched": self._watched,
            "books": [[row, book.state()] for row, book in self._books.items()],
            "open": [
                [row, [[n, list(seen.items())] for n, seen in windows.items()]]
                for row, windows in self._open.items()
            ],
            "latest": [[row, *error] for row, error in self.latest.items()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._watched = state["watched"]
        self._books, self._judged = {}, {}
        for row, saved in state["books"]:
            self._books[row] = ErrorBook(self._budget, self._limit)
            self._books[row].restore(saved)
        self._open = {
            row: {n: {t: list(runs) for t, runs in seen} for n, seen in windows}
            for row, windows in state["open"]
        }
        self.latest = {row: (run_id, message) for row, run_id, message in state["latest"]}


class _Entry(NamedTuple):
    """What one flow's errors come to: ``place`` among the rows, and the columns of a verdict."""

    place: int
    observed: float
    expected: float
    span: int
    score: float


def _verdict(entries: list[_Entry], rows: int) -> Verdict:
    """Return a verdict on too much, unknown where there is no entry."""
    of = np.zeros(rows, dtype=bool)
    of[[entry.place for entry in entries]] = True
    _, observed, expected, span, score = (np.array(c, float) for c in zip(*entries, strict=True))
    some = Verdict(
        observed=observed,
        expected=expected,
        lower=np.zeros(len(entries)),
        upper=expected,
        score=score,
        evidence=score,
        high=np.ones(len(entries), dtype=bool),
        span=span.astype(np.int64),
        span_observed=observed,
        span_expected=expected,
    )
    return spread_out(some, of)
