"""An alert in plain words: what is wrong, how one can tell, and what to look at first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from detectors.errors.taxonomy import MEANING, NAMES, ErrorClass
from detectors.failure import Foresight
from pipeline.engine.queueing import Queue, waiting
from pipeline.engine.wording import count, duration, listed, minutes, number, percent, plural
from schemas.alerts import AlertSignal

QUOTED = 160
"""Characters of a template that are quoted: its first sentence."""


class Quote(NamedTuple):
    """The error behind a finding.

    ``text`` is its template, ``run_id`` one run that showed it. It hit ``times`` of ``of`` runs
    with errors, where that is counted. ``others`` more errors are new too; ``first`` says that
    news of it has not been told yet.
    """

    text: str
    kind: ErrorClass
    system: str
    run_id: str
    times: int = 0
    of: int = 0
    others: int = 0
    first: bool = False


class Finding(NamedTuple):
    """One signal of one flow at the moment it was found anomalous.

    ``observed`` and ``expected`` are sums over ``span`` minutes for counts, means for durations
    (milliseconds), levels for backlog, and a probability for failure. For silence they are minutes:
    of lateness, with nothing expected, if a schedule was missed; else since the last run.
    ``total`` is what a count is a part of (runs ended, records), where it is a part.
    """

    signal: AlertSignal
    high: bool
    span: int
    observed: float
    expected: float
    score: float
    total: float = math.nan
    foresight: Foresight | None = None
    quote: Quote | None = None
    queue: Queue | None = None


_NEXT_STEP: Mapping[AlertSignal, str] = {
    "volume": "Check that the flow is deployed and enabled, that its trigger still fires (webhook "
    "subscription, schedule), and that the source system has new records.",
    "silence": "Open the flow's schedule and its last run: disabled, still running, or held in "
    "the queue?",
    "errors": "Open a failed run and read its first error; if all name one system, check that "
    "system's status and credentials.",
    "records": "Compare what the source holds with what the last runs took in: a filter, a page "
    "limit or a cut-off date may have changed.",
    "partial": "Open a run that succeeded in part and see which records it left behind.",
    "warnings": "Read the warnings of a current run; they often name what fails next.",
    "retries": "Find what the retried runs have in common: one system that refuses or times out is "
    "the usual cause.",
    "duplicates": "Look for a webhook sent twice or a re-sync in the source system, and check that "
    "the target was not written twice.",
    "wait": "See which flow fills the queue and whether the limit of concurrent runs is reached.",
    "missing": "Compare a record of now with one of yesterday: a mapping, or the source's fields, "
    "may have changed.",
    "latency": "Find the slow step in a current run; a slow answer from one connector, or a "
    "larger payload, is the usual cause.",
    "backlog": "See which flow fills the queue and whether runs still finish; raise its priority "
    "or pause less urgent flows.",
    "failure": "Nothing has failed yet: look at the reasons named above before it does.",
    "new_error": "Open the sample run and read the log around its first error.",
    "error_mix": "Open the sample run and read the log around its first error.",
    "collector": "Restart the collector or restore its access; until then the engine cannot see "
    "these flows, and keeps quiet about them.",
}

_TOO_MUCH = (
    "Look for a repeated trigger or a re-sync in the source system, and watch the queue and the "
    "rate limits of the target."
)


COUNTED: frozenset[AlertSignal] = frozenset({"volume", "records"})
"""Signals of which both too many and too few are judged."""


def next_step(finding: Finding) -> str:
    """Say what an operator looks at first."""
    if finding.signal in COUNTED and finding.high:
        return _TOO_MUCH
    if finding.quote is not None and finding.quote.kind != "unknown":
        return f"{MEANING[finding.quote.kind].next_step} Sample: run {finding.quote.run_id}."
    return _NEXT_STEP[finding.signal]


LARGE = 1.3
"""A change by this factor is one an operator would notice; rarer scores than that may come of
small changes that last."""


def is_large(finding: Finding) -> bool:
    """Whether what was observed is far from what was expected, in the direction of the finding.

    >>> is_large(Finding("latency", True, 4, 4200, 1100, 1.4))
    True
    >>> is_large(Finding("volume", True, 60, 642, 659, 2.5))
    False
    """
    if finding.high:
        return finding.observed >= LARGE * finding.expected
    return finding.observed * LARGE <= finding.expected or finding.signal in (
        "silence",
        "collector",
    )


def sentence(finding: Finding) -> str:
    """Say what one signal shows, without naming the flow.

    Examples
    --------
    >>> sentence(Finding("volume", False, 15, 3, 160, 1.8))
    '3 runs started in 15 minutes, where about 160 are usual'
    >>> sentence(Finding("errors", True, 10, 38, 0.5, 3.1, total=100))
    '38 of 100 runs failed in 10 minutes (38 %), where about 0.5 % is usual'
    >>> sentence(Finding("latency", True, 4, 4200, 1100, 1.4))
    'runs take 4.2 s, where about 1.1 s is usual (3.8 times as long)'
    """
    return _WORDS[finding.signal](finding) + _because(finding)


def headline(name: str, finding: Finding) -> str:
    """Say in one line what is wrong with a flow.

    Examples
    --------
    >>> headline("Orders", Finding("volume", False, 15, 0, 160, 1.8))
    'Orders has stopped: no runs started in 15 minutes, where about 160 are usual'
    """
    return f"{name} {_verb(finding)}: {_WORDS[finding.signal](finding)}"


def _verb(f: Finding) -> str:
    if f.signal in COUNTED:
        if not is_large(f):
            return f"has been running slightly {'above' if f.high else 'below'} usual for hours"
        if f.high:
            return "is running far more than usual"
        return "has stopped" if f.observed == 0 else "has thinned out"
    return {
        "silence": "is overdue",
        "errors": "is failing",
        "partial": "leaves records behind",
        "warnings": "warns more than usual",
        "retries": "is retrying",
        "missing": "is losing fields",
        "duplicates": "receives records twice",
        "latency": "has slowed down",
        "wait": "waits in the queue",
        "backlog": "is backing up",
        "failure": "is likely to fail soon",
        "new_error": "shows a new error",
        "error_mix": "fails in another way than usual",
        "collector": "is not reporting",
    }[f.signal]


def _counts(noun: str, verb: str) -> Callable[[Finding], str]:
    def words(f: Finding) -> str:
        shown = f.high and f.expected > 0 and is_large(f)
        ratio = f" ({number(f.observed / f.expected)} times)" if shown else ""
        return (
            f"{count(f.observed)} {plural(noun, f.observed)} {verb} in {minutes(f.span)}, "
            f"where about {number(f.expected)} {'is' if f.expected == 1 else 'are'} usual{ratio}"
        )

    return words


def _part(noun: str, verb: str) -> Callable[[Finding], str]:
    def words(f: Finding) -> str:
        total = f.total if f.total > 0 else math.nan
        shown, usual = percent(f.observed / total), percent(f.expected / total)
        return (
            f"{count(f.observed)} of {count(f.total)} {noun} {verb} in {minutes(f.span)} "
            f"({shown}), where about {usual} is usual"
        )

    return words


def _durations(verb: str) -> Callable[[Finding], str]:
    def words(f: Finding) -> str:
        times = f.observed / f.expected if f.expected > 0 else math.nan
        return (
            f"runs {verb} {duration(f.observed)}, where about {duration(f.expected)} is usual "
            f"({number(times)} times as long)"
        )

    return words


def _backlog(f: Finding) -> str:
    words = (
        f"{count(f.observed)} runs wait in the queue, where about {number(f.expected)} are usual"
    )
    return words if f.queue is None else f"{words}; {waiting(f.queue)}"


def _silence(f: Finding) -> str:
    if f.expected == 0:
        return f"a scheduled run is {minutes(f.observed)} late, beyond its tolerance"
    return f"no run for {minutes(f.observed)}, where at most {minutes(f.expected)} is usual"


def _failure(f: Finding) -> str:
    likely = f"a failure within {minutes(f.span)} is {percent(f.observed)} likely"
    if f.foresight is None:
        return likely
    because = f", because of {listed(f.foresight.reasons)}" if f.foresight.reasons else ""
    return f"{likely}{because}{_experience(f.foresight)}"


def _experience(past: Foresight) -> str:
    """Say what earlier warnings were worth; nothing before one came true."""
    if math.isnan(past.lead_minutes):
        return ""
    ahead = minutes(past.lead_minutes)
    return f"; {percent(past.confidence)} of the latest warnings came true, mostly {ahead} ahead"


def _new_error(f: Finding) -> str:
    if f.quote is None:
        return f"an error never seen here before hit {count(f.observed)} runs"
    hit = f"{count(f.observed)} {plural('run', f.observed)} in {minutes(f.span)}"
    words = f"{quoted(f.quote)}, never seen in this flow before, hit {hit}"
    if f.quote.others:
        words += f"; {count(f.quote.others)} more {plural('error', f.quote.others)} are new too"
    return words


def _error_mix(f: Finding) -> str:
    if f.quote is None or not f.quote.of:
        return f"{count(f.observed)} errors are of a class that is seldom seen here"
    shown, usual = percent(f.observed / f.quote.of), percent(f.expected / f.quote.of)
    return (
        f"{count(f.observed)} of {count(f.quote.of)} errors in {minutes(f.span)} ({shown}) are "
        f"{NAMES[f.quote.kind]}, where {usual} is usual, such as {quoted(f.quote)}"
    )


def quoted(quote: Quote) -> str:
    """Name an error by its words, shortened, and by the system that it came from.

    >>> quoted(Quote("no such host", "network", "NetSuite", "r1"))
    '"no such host" from NetSuite'
    """
    text = quote.text if len(quote.text) <= QUOTED else f"{quote.text[: QUOTED - 1]}…"
    return f'"{text}" from {quote.system}' if quote.system else f'"{text}"'


def _because(f: Finding) -> str:
    """Say what the error behind a finding is, if one is known, and what it likely comes from."""
    if f.quote is None:
        return ""
    often = ""
    if f.signal == "errors":
        most = f"{count(f.quote.times)} of {count(f.quote.of)} times of late"
        often = f"; most often ({most}) {quoted(f.quote)}"
    return f"{often} (such as run {f.quote.run_id}); likely cause: {MEANING[f.quote.kind].cause}"


def _collector(f: Finding) -> str:
    return f"nothing heard for {minutes(f.observed)}: what it watches cannot be judged"


_WORDS: Mapping[AlertSignal, Callable[[Finding], str]] = {
    "volume": _counts("run", "started"),
    "records": _counts("record", "came in"),
    "errors": _part("runs", "failed"),
    "partial": _part("runs", "succeeded only in part"),
    "warnings": _part("runs", "warned"),
    "retries": _part("runs", "were retries"),
    "missing": _part("records", "lack attributes"),
    "duplicates": _part("records", "had come before"),
    "latency": _durations("take"),
    "wait": _durations("wait in the queue for"),
    "backlog": _backlog,
    "silence": _silence,
    "failure": _failure,
    "new_error": _new_error,
    "error_mix": _error_mix,
    "collector": _collector,
}
