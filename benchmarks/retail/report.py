"""The report: tables of results, for a terminal or in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median
from typing import Final, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.retail.results import OURS, Cut, Group, Result, pooled

NOTHING: Final = "–"


class Sheet(NamedTuple):
    """A table before it is set."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def print(self, console: Console) -> None:
        """Print it to a terminal."""
        table = Table(*self.head, title=self.title, title_justify="left")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)

    def markdown(self) -> str:
        """Return it in Markdown."""
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return f"**{self.title}**\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sheets(results: Sequence[Result]) -> list[Sheet]:
    """Return every table: the whole, then for the engine's detectors by kind, shape and signal."""
    made = [_whole(results)]
    ours = [result for result in results if result.case.detector == OURS]
    for world in dict.fromkeys(result.case.world for result in ours):
        here = [result for result in ours if result.case.world == world]
        made.append(_groups(f"{world}: kinds of fault", here, lambda cut: cut.kinds))
        made.append(_groups(f"{world}: shapes of flow", here, lambda cut: cut.shapes))
    if ours:
        made.append(_signals(ours))
    return made


def _whole(results: Sequence[Result]) -> Sheet:
    head = ["world", "seed", "detector", "faults", "threshold", "false a week", "recall"]
    head += ["of busy flows", "median minutes"]
    rows: list[list[str]] = []
    keys = dict.fromkeys((r.case.world, r.case.detector) for r in results)
    for world, detector in keys:
        here = [r for r in results if (r.case.world, r.case.detector) == (world, detector)]
        for i, _ in enumerate(here[0].cuts):
            rows += [_line(str(r.case.seed), r, r.cuts[i]) for r in here]
            if len(here) > 1:
                rows.append(_mean(here, i))
    return Sheet("Recall and false alarms, by threshold", head, rows)


def _line(seed: str, result: Result, cut: Cut) -> list[str]:
    how = "fixed" if cut.budget is None else f"{cut.budget:g} a week"
    case = result.case
    return [
        case.world,
        seed,
        case.detector,
        str(result.faults),
        f"{how} ({_number(cut.threshold)})",
        _number(cut.false_a_week),
        _number(cut.recall, 3),
        _number(cut.recall_busy, 3),
        _number(cut.minutes, 1),
    ]


def _mean(results: Sequence[Result], i: int) -> list[str]:
    cuts = [result.cuts[i] for result in results]
    budget = cuts[0].budget
    return [
        results[0].case.world,
        "mean",
        results[0].case.detector,
        str(sum(result.faults for result in results)),
        "fixed" if budget is None else f"{budget:g} a week",
        _number(fmean(cut.false_a_week for cut in cuts)),
        _number(fmean(cut.recall for cut in cuts), 3),
        _number(fmean(cut.recall_busy for cut in cuts), 3),
        _number(fmean(cut.minutes for cut in cuts), 1),
    ]


def _groups(
    title: str, results: Sequence[Result], of: Callable[[Cut], Mapping[str, Group]]
) -> Sheet:
    """Pool what the seeds found, by group, at the fixed threshold and at one false alarm a week."""
    head, columns = [title.split(": ")[1], "faults"], []
    for i, cut in enumerate(results[0].cuts):
        if cut.budget not in {None, 1.0}:
            continue
        name = "fixed" if cut.budget is None else f"{cut.budget:g}/week"
        head += [f"{name}: recall", "minutes", "false a week"]
        columns.append([of(result.cuts[i]) for result in results])
    names = dict.fromkeys(name for groups in columns[0] for name in groups)
    rows = []
    for name in names:
        cells: list[str] = []
        for groups in columns:
            group = pooled(g[name] for g in groups if name in g)
            cells += _cells(group)
        rows.append([name, str(len(group.minutes)), *cells])
    told = [i for i in range(len(head)) if i < 2 or any(row[i] != NOTHING for row in rows)]
    return Sheet(title, [head[i] for i in told], [[row[i] for i in told] for row in rows])


def _cells(group: Group) -> list[str]:
    found = [minutes for minutes in group.minutes if minutes is not None]
    share = len(found) / len(group.minutes) if group.minutes else np.nan
    minutes = median(found) if found else np.nan
    return [_number(share, 2), _number(minutes, 1), _number(group.false / group.flow_weeks)]


def _signals(results: Sequence[Result]) -> Sheet:
    worlds = list(dict.fromkeys(result.case.world for result in results))
    rows = [
        [
            signal,
            *(
                _number(fmean(r.signals[signal] for r in results if r.case.world == world), 3)
                for world in worlds
            ),
        ]
        for signal in results[0].signals
    ]
    return Sheet("False alarms a flow and week, by signal alone", ["signal", *worlds], rows)


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else NOTHING


def markdown(made: Iterable[Sheet]) -> str:
    """Return all tables in Markdown."""
    return "\n\n".join(sheet.markdown() for sheet in made)
