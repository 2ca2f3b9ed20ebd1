"""How the Faust peers run: stock Faust, quiet."""

from __future__ import annotations

import faust

BUFFER = 200_000
"""Records Faust may hold. With its own 4,096 the fetcher sleeps a second whenever they are full,
and a quick agent runs dry: with so many a full topic is worked off as fast as Faust can."""


def run(app: faust.App) -> None:
    """Run an app until its stopwatch ends the process."""
    faust.Worker(app, loglevel="WARNING").execute_from_commandline()
