"""An alert in plain words: what is wrong, and how one can tell."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from detectors.errors.taxonomy import MEANING, NAMES
from detectors.failure import Foresight
from pipeline.engine.finding import COUNTED, Finding, Quote, is_large
from pipeline.engine.queueing import waiting
from pipeline.engine.wording import count, duration, listed, minutes, number, percent, plural
from schemas.alerts import AlertSignal

QUOTED = 160
"""Characters of a template that are quoted: its first sentence."""


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
