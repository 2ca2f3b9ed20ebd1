"""The demo: a simulated retailer is learned, disturbed and explained, and the engine is scored.

It knows the engine by three seams only: where the history goes, what lets time run on, and what the
engine emits, which also tells how far it is. So it never sleeps to wait for the engine: it sends
as fast as the engine follows, and no faster than a person can.
"""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from pipeline.engine.emissions import ClosedWindow, DeadLetter, Emission
from pipeline.simulator.events import instant
from pipeline.simulator.illustration import SHOWN, rows
from pipeline.simulator.narration import Narrator, verdict
from pipeline.simulator.plan import FULL_HOURS
from pipeline.simulator.retailer import RETAILER
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.scorecard import Scorecard, score
from pipeline.simulator.status import Status
from pipeline.simulator.tracks import Recorder
from schemas.alerts import Alert

LEAD = timedelta(minutes=15)
"""How far the live part may run ahead of the engine: a few times the lateness it allows for."""
HISTORY_LEAD = timedelta(hours=4)
"""The same for the history: enough that the engine never waits, little enough to see it move."""

Send = Callable[[bytes], Awaitable[None]]
"""Takes one ``application/cloudevents-batch+json`` body."""
Live = Callable[[datetime], Awaitable[None]]
"""Lets simulated time run on to an instant; what happens until then is under way to the engine."""


class EngineStoppedError(Exception):
    """The engine emits nothing more, though the demo is not over."""


@dataclass(frozen=True, slots=True)
class Seams:
    """What the demo needs of an engine.

    Attributes
    ----------
    backfill
        Takes one batch body of history.
    live
        Lets time run on, a minute each time.
    emissions
        What the engine emits, in order: every closed window, every alert, every dead letter.
    """

    backfill: Send
    live: Live
    emissions: AsyncIterator[Emission]


async def run_demo(
    scenario: Scenario,
    seams: Seams,
    console: Console,
    *,
    stop: asyncio.Event | None = None,
    minutes_per_second: float = 30.0,
    picture: Path | None = None,
) -> Scorecard:
    """Play the scenario to its end, or until ``stop`` is set, and score the engine.

    Parameters
    ----------
    minutes_per_second
        The speed of the live part, in simulated minutes; infinity for as fast as the engine is.
    picture
        Where to leave the picture; None for none.

    Raises
    ------
    EngineStoppedError
        If the emissions end early. Whatever sending raises is passed on.
    """
    demo = _Demo(scenario, seams, Narrator(console, scenario), Status(console))
    demo.narrator.introduce()
    with demo.status:
        halt = (stop or asyncio.Event()).wait()
        await _race(demo.play(minutes_per_second), demo.listen(), halt)
    return demo.close(picture)


@contextmanager
def stop_on_interrupt() -> Iterator[asyncio.Event]:
    """Give an event that Ctrl-C or SIGTERM sets. A second Ctrl-C interrupts as usual."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def halt() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    loop.add_signal_handler(signal.SIGINT, halt)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    try:
        yield stop
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)


def latest_start(now: datetime, hours: float = FULL_HOURS) -> datetime:
    """Return the last Tuesday, 08:00 UTC, from which so many hours are over by ``now``.

    >>> latest_start(datetime(2026, 3, 4, 15, tzinfo=UTC)).isoformat()
    '2026-03-03T08:00:00+00:00'
    >>> latest_start(datetime(2026, 3, 4, 11, tzinfo=UTC)).isoformat()
    '2026-02-24T08:00:00+00:00'
    """
    latest = (now - timedelta(hours=hours)).astimezone(UTC)
    eight = latest.replace(hour=8, minute=0, second=0, microsecond=0)
    if eight > latest:
        eight -= timedelta(days=1)
    return eight - timedelta(days=(eight.weekday() - 1) % 7)


class _Demo:
    """One run of it."""

    def __init__(
        self, scenario: Scenario, seams: Seams, narrator: Narrator, status: Status
    ) -> None:
        self.scenario, self.seams, self.narrator, self.status = scenario, seams, narrator, status
        self.clock = scenario.start
        self.moved = asyncio.Event()
        self.recorder = Recorder(SHOWN)
        self.alerts: dict[str, Alert] = {}
        self.early: set[str] = set()
        self.faults = deque(scenario.faults)

    async def play(self, minutes_per_second: float) -> None:
        """Send everything, no faster than the engine and (the live part) a person can follow."""
        scenario = self.scenario
        self.status.stage("Learning", scenario.start, scenario.live_start)
        for stretch in scenario.backfill(handed_over=True):
            await self._close_behind(stretch.until - HISTORY_LEAD)
            for body in stretch.bodies:
                await self.seams.backfill(body)
        await self._close_behind(scenario.live_start - LEAD)
        self.narrator.learned(len(self.early))
        self.status.stage("Live", scenario.live_start, scenario.end)
        loop = asyncio.get_running_loop()
        due = loop.time()
        for minute in scenario.live.tolist():
            until = instant(minute + 1)
            await self._close_behind(until - LEAD)
            await asyncio.sleep(max(due - loop.time(), 0.0))
            due = max(due, loop.time()) + 1 / minutes_per_second
            await self.seams.live(until)
        await self._close_behind(scenario.end - LEAD)

    async def _close_behind(self, instant: datetime) -> None:
        """Wait until the engine has closed every window that ends before an instant."""
        while self.clock < instant:
            self.moved.clear()
            await self.moved.wait()

    async def listen(self) -> NoReturn:
        """Take in what the engine emits."""
        async for emission in self.seams.emissions:
            match emission:
                case ClosedWindow(start=start, seconds=seconds):
                    self._move(datetime.fromtimestamp(start + seconds, UTC))
                    if self.clock > self.scenario.live_start:
                        self.recorder.add(emission)
                case Alert():
                    self._alert(emission)
                case DeadLetter(reason=reason, detail=detail):
                    self.narrator.refused(f"{reason}: {detail}")
        raise EngineStoppedError(
            f"the engine stopped at {self.clock:%Y-%m-%d %H:%M} simulated time"
        )

    def _move(self, clock: datetime) -> None:
        self.clock = max(self.clock, clock)
        self.moved.set()
        while self.faults and self.faults[0].start < self.clock:
            self.narrator.injected(self.faults.popleft())
        self.status.move(self.clock, self._note())

    def _note(self) -> str:
        if self.clock > self.scenario.live_start:
            raised = len(self.alerts)
            return f"{self.clock:%a %H:%M}, {raised} alert{'s' * (raised != 1)}"
        day, days = self.clock - self.scenario.start, len(self.scenario.history) / 1440
        return f"day {min(day / timedelta(days=1) + 1, days):.0f} of {days:.0f}"

    def _alert(self, alert: Alert) -> None:
        if alert.starts_at < self.scenario.live_start:
            self.early.add(alert.id)
            return
        self._move(alert.updated_at)
        self.alerts.setdefault(alert.id, alert)
        self.narrator.alert(alert)

    def close(self, picture: Path | None) -> Scorecard:
        """Score what was seen, and draw it."""
        scenario, alerts = self.scenario, list(self.alerts.values())
        until = max(self.clock, scenario.live_start)
        card = score(scenario.faults, alerts, scenario.live_start, until)
        drawn = rows(scenario, self.recorder.tracks(), card, alerts) if picture else []
        if picture and drawn:
            from pipeline.simulator.picture import Heading, save  # half a second, only when needed

            title = f"CogentAI demo: {RETAILER}, {card.start:%A %-d %B %Y}"
            save(drawn, picture, Heading(title, verdict(card)))
        self.narrator.close(card, picture if drawn else None)
        return card


async def _race(*coroutines: Coroutine[None, None, object]) -> None:
    """Run all until the first ends, cancel the others, and raise what that first one raised."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
