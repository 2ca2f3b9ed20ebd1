"""A run as Markdown: the verdict, how workers ended, and every disturbance."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from tests.chaos.run import Run

_ABOUT = """\
# Chaos run

Three workers work off a feed with duplicates and a tenth of it out of order, while workers and
broker are killed, paused and replaced. What they published is then held, byte by byte, against a
linear replay of the same topic. This page is written by

    make chaos ARGS='--report docs/chaos.md'

and a shortened run is in the ordinary suite (`tests/chaos`).
"""


def markdown(run: Run, conditions: Mapping[str, object]) -> str:
    """Write a run down."""
    return "\n".join(_lines(run, conditions)) + "\n"


def _lines(run: Run, conditions: Mapping[str, object]) -> Iterator[str]:
    yield _ABOUT
    yield f"**{'Passed' if run.passed else 'FAILED'}.** " + "; ".join(
        f"{name} {value}" for name, value in conditions.items()
    )
    yield ""
    yield (
        f"{run.events:,} events fed, {run.refused} appends refused and repeated, "
        f"{run.commits:,} commits."
    )
    yield from _table(
        ("What must be 0", "of", "found"),
        [(c.what, f"{c.looked_at:,}", f"{c.wrong:,}") for c in run.checks],
        title="Verdict",
    )
    done = Counter(strike.what.partition(" of worker")[0] for strike in run.strikes)
    yield from _table(("Disturbance", "times"), sorted(done.items()), title="What was done")
    ends = Counter(re.sub(r"partition \d+ of \S+: ", "", each.reason()) for each in run.exits)
    yield from _table(("Exit", "times"), ends.most_common(), title="How workers ended")
    rows = [
        (n, f"{s.at:.1f}", s.what, s.behind, "" if s.recovered is None else f"{s.recovered:.1f}")
        for n, s in enumerate(run.strikes, 1)
    ]
    yield from _table(
        ("#", "at (s)", "what", "records behind", "until commits went on (s)"),
        rows,
        title="Log of disturbances",
    )


def _table(head: tuple[str, ...], rows: list[tuple[object, ...]], title: str) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
