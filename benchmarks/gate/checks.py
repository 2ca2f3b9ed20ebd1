"""Checks as they stand in the file of tolerances, and how one is done."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

TOLERANCES = Path(__file__).with_name("tolerances.toml")


class BrokenCheckError(RuntimeError):
    """A measurement failed, or did not give the figure that a check asks for."""


@dataclass(frozen=True)
class Check:
    """One measurement, and limits on some of its figures.

    Attributes
    ----------
    run
        A benchmark of this package with its arguments; it prints JSON. ``{nab}`` and ``{real}``
        stand for the folders of corpora.
    at_least, at_most
        Limits by where a figure stands in the last JSON object: keys and places, dotted.
    """

    name: str
    run: str
    at_least: Mapping[str, float] = field(default_factory=dict)
    at_most: Mapping[str, float] = field(default_factory=dict)

    def needs(self, corpora: Mapping[str, Path]) -> str | None:
        """Name the corpus that is lacking, if one is."""
        lacking = (c for c in ("nab", "real") if f"{{{c}}}" in self.run and c not in corpora)
        return next(lacking, None)


class Figure(NamedTuple):
    """A figure beside its limit."""

    check: str
    figure: str
    measured: float
    limit: float
    floor: bool

    @property
    def holds(self) -> bool:
        """Whether it is on the right side of its limit; what is no number never is."""
        return self.measured >= self.limit if self.floor else self.measured <= self.limit


def read(path: Path = TOLERANCES) -> list[Check]:
    """Read the checks."""
    return [Check(**check) for check in tomllib.loads(path.read_text())["check"]]


def measure(check: Check, corpora: Mapping[str, Path]) -> list[Figure]:
    """Run the measurement of a check in a process of its own, and look its figures up.

    Raises
    ------
    BrokenCheckError
        The measurement ended badly, or lacks a figure.
    """
    words = shlex.split(check.run.format(**{k: shlex.quote(str(v)) for k, v in corpora.items()}))
    command = [sys.executable, "-m", f"benchmarks.{words[0]}", *words[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BrokenCheckError(f"{check.name}: {' '.join(words)} ended badly: {done.stderr[-500:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return [
        Figure(check.name, where, look_up(found, where, check.name), limit, floor)
        for limits, floor in ((check.at_least, True), (check.at_most, False))
        for where, limit in limits.items()
    ]


def look_up(found: Any, where: str, check: str) -> float:
    """Return a figure by its dotted place; NaN where the benchmark says it has none.

    Examples
    --------
    >>> look_up({"cuts": [{"recall": 0.8}]}, "cuts.0.recall", "trade")
    0.8
    """
    try:
        for step in where.split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
        return float("nan") if found is None else float(found)
    except (KeyError, IndexError, TypeError, ValueError):
        raise BrokenCheckError(f"{check}: the measurement has no figure {where!r}") from None
