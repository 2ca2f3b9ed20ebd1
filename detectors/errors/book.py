"""What one flow's errors have been: templates, which of them are new, and the mix of classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from detectors.errors.masking import masked
from detectors.errors.mix import Mix, Shift
from detectors.errors.novelty import (
    EPISODE,
    MEMORY,
    NEW_FOR,
    SEEDED,
    SHARE,
    Known,
    again,
    rate,
    score,
)
from detectors.errors.rules import classify
from detectors.errors.tally import Tally
from detectors.errors.taxonomy import INDEX, ErrorClass
from detectors.errors.templates import Templates

TEMPLATES: Final = 24
"""Templates remembered of a flow. Of more, the least recently seen is let go; the flow then counts
as watched only for as long as its memory reaches, so it does not alarm for the loss."""
MOMENT: Final = 1_800
"""Seconds of a block of the tally behind "most often at the moment": one to two of them."""


class Line(NamedTuple):
    """One error as it was read."""

    kind: ErrorClass
    system: str
    masked: str


class Sighting(NamedTuple):
    """How many runs one template hit in a window, and one of them."""

    number: int
    runs: int
    sample: str


class News(NamedTuple):
    """The most telling of the new errors seen in a window.

    ``others`` more are new; ``first`` says whether one is reported for the first time, with none
    in the hour before.
    """

    number: int
    runs: int
    since: int
    score: float
    others: int
    first: bool


class Often(NamedTuple):
    """A template, the runs it hit of late, and the sum of those of all templates."""

    number: int
    times: int
    of: int


class Judged(NamedTuple):
    """What the errors of one window of a flow amount to."""

    news: News | None
    shift: Shift | None


def read(
    message: str, status: int | None = None, system: str | None = None, step: str | None = None
) -> Line:
    """Read one error: its class, and its words without what varies.

    Examples
    --------
    >>> read("GET https://shop.example/7 gave `502 Bad Gateway`", system="Big Shop")
    Line(kind='server_5xx', system='Big-Shop', masked='GET <URL> gave `502 Bad Gateway`')
    """
    name = "-".join((system or "").split())[:40]
    return Line(classify(message, status, system, step), name, masked(message) or "(no text)")


class ErrorBook:
    """The errors of one flow.

    Parameters
    ----------
    budget
        False alarms a week the flow may raise in all.
    limit
        Evidence from which a shift of the mix is an anomaly.

    Examples
    --------
    >>> book = ErrorBook(budget=1.0, limit=5.0)
    >>> number = book.note(read("no such host", system="NetSuite"), at=0, sample="r1", watched=0)
    >>> book.judge(0, [Sighting(number, 1, "r1")], watched=0)
    Judged(news=None, shift=None)
    >>> book.known[number].kind, book.text(number)
    ('network', 'no such host')
    """

    def __init__(self, budget: float, limit: float) -> None:
        self._budget = budget
        self._limit = limit
        self._templates = Templates()
        self.known: dict[int, Known] = {}
        self._mix = Mix()
        self._moment = Tally(MOMENT)
        self._remembers = 0
        self._news_at = -EPISODE

    def note(self, line: Line, *, at: int, sample: str, watched: int) -> int:
        """Find or make the template of a line; return its number.

        ``at`` is the start of its window, ``sample`` the run it came from, and ``watched`` for how
        many seconds this flow's errors have been watched.
        """
        number = self._templates.add(f"{line.kind}@{line.system}", line.masked)
        known = self.known.get(number)
        if known is None or at - known.last > MEMORY:
            if known is None and len(self.known) >= TEMPLATES:
                self._let_go()
            self.known[number] = Known(
                line.kind, line.system, at, at, sample, new=watched >= SEEDED
            )
        return number

    def judge(self, at: int, sightings: Iterable[Sighting], watched: int) -> Judged:
        """Judge, then learn, the errors of the window that starts at ``at``."""
        seen = [sighting for sighting in sightings if sighting.number in self.known]
        self._moment.roll(at)
        counts: dict[int, int] = {}
        for number, runs, sample in seen:
            self._moment.add(number, runs)
            known = self.known[number]
            known.sample = sample
            known.see(at, runs)
            kind = INDEX[known.kind]
            counts[kind] = counts.get(kind, 0) + runs
        news = self._news(at, [sighting.number for sighting in seen], watched)
        return Judged(news, self._mix.judge(at, counts, self._limit))

    def _news(self, at: int, numbers: list[int], watched: int) -> News | None:
        new = [number for number in numbers if self.known[number].is_new(at)]
        if not new:
            return None
        weekly, again = self._expected(at, watched)
        share = SHARE * self._budget
        scores = {n: score(weekly * again ** (self.known[n].runs - 1), share) for n in new}
        number = max(new, key=lambda n: (scores[n], -n))
        fresh = [n for n in new if scores[n] > 1 and not self.known[n].raised]
        for each in fresh:
            self.known[each].raised = True
        first = bool(fresh) and at - self._news_at > EPISODE
        if fresh:
            self._news_at = at
        known = self.known[number]
        others = sum(k.is_new(at) for k in self.known.values()) - 1
        return News(number, known.runs, known.first, scores[number], others, first)

    def _expected(self, at: int, watched: int) -> tuple[float, float]:
        """Return how many new errors a week are to be expected, and what share hits another run.

        Both are told from the templates that are not news any more.
        """
        old = [known for known in self.known.values() if at - known.first >= NEW_FOR]
        once = sum(known.episodes == 1 and at - known.first <= MEMORY for known in old)
        came = [known.runs > 1 for known in old if known.new]
        return rate(once, min(watched, at - self._remembers)), again(sum(came), len(came))

    def _let_go(self) -> None:
        """Forget the template not seen for longest; further back nothing is remembered in full."""
        number = min(self.known, key=lambda n: (self.known[n].last, n))
        self._remembers = self.known.pop(number).last
        self._templates.forget(number)

    def text(self, number: int) -> str:
        """Return a template's words."""
        return self._templates.text(number)

    def most_often(self) -> Often | None:
        """Return the template that hit most runs of late."""
        recent = {n: times for n, times in self._moment.recent().items() if n in self.known}
        if not recent:
            return None
        number = max(recent, key=lambda n: (recent[n], -n))
        return Often(number, recent[number], sum(recent.values()))

    def latest_of(self, kind: ErrorClass) -> int | None:
        """Return the template of a class that was seen last."""
        of = [number for number, known in self.known.items() if known.kind == kind]
        return max(of, key=lambda n: (self.known[n].last, self.known[n].runs, -n), default=None)

    def newest_raised(self) -> int | None:
        """Return the latest of the new errors that were reported, if any is remembered."""
        raised = [number for number, known in self.known.items() if known.raised]
        return max(raised, key=lambda n: (self.known[n].first, n), default=None)

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "templates": self._templates.state(),
            "known": [[number, *known.state()] for number, known in self.known.items()],
            "mix": self._mix.state(),
            "moment": self._moment.state(),
            "since": [self._remembers, self._news_at],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._templates.restore(state["templates"])
        self.known = {number: Known(*known) for number, *known in state["known"]}
        self._mix.restore(state["mix"])
        self._moment.restore(state["moment"])
        self._remembers, self._news_at = state["since"]
