"""The storm: a feed, a fleet, and one disturbance after the other."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.broker import Broker
from tests.chaos.commits import Commits
from tests.chaos.feed import Feeder
from tests.chaos.fleet import Fleet
from tests.chaos.schedule import PAUSE_SECONDS, SECONDS, SLEEP_SECONDS, Disturbance, Kind

WORKERS = 3
RECOVERY_SECONDS = 120.0
"""Longer than a worker waits for a transaction or the watchdog for a commit, a restart included."""


@dataclass
class Strike:
    """One disturbance as it was done."""

    at: float
    what: str
    behind: int
    recovered: float | None = None
    """Seconds until every partition committed again or had nothing left; None if not waited for."""


@dataclass
class Storm:
    """Carries a schedule out, over a feed that lasts as long.

    ``stalled`` counts the disturbances after which commits did not go on in time.
    """

    broker: Broker
    fleet: Fleet
    feeder: Feeder
    commits: Commits
    say: Callable[[int, str], None]
    strikes: list[Strike] = field(default_factory=list)
    stalled: int = 0

    async def rage(self, disturbances: list[Disturbance]) -> None:
        """Do everything that is on the schedule."""
        began = time.monotonic()
        whole = total_seconds(disturbances)
        due = 0.0
        for n, each in enumerate(disturbances):
            due += SECONDS[each.kind]
            self.feeder.release(due / whole)
            await self._live_work(each.wait)
            strike = Strike(time.monotonic() - began, each.kind, sum(await self._behind()))
            self.strikes.append(strike)
            self.say(n, each.kind)
            before = await self._do(each, strike)
            if not each.hasty:
                await self._recovered(strike, before)
        self.feeder.hurry()

    async def _live_work(self, seconds: float) -> None:
        """Let work go on for a while, so that the disturbance hits it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await self.commits.look()

    async def _behind(self) -> list[int]:
        return list((await self.commits.behind() or {}).values())

    async def _do(self, each: Disturbance, strike: Strike) -> dict[int, int]:
        """Do it; return how far each partition was when it was over."""
        match each.kind:
            case Kind.JOIN:
                strike.what += f" of worker {self.fleet.join()}"
            case Kind.BROKER_KILL:
                self.broker.kill()
                await asyncio.to_thread(self.broker.restart)
            case Kind.BROKER_PAUSE:
                self.broker.pause()
                await asyncio.sleep(PAUSE_SECONDS)
                self.broker.resume()
            case _:
                victim = self.fleet.pick(each.victim)
                strike.what += f" of worker {victim}"
                await self._hurt(each.kind, victim)
        await self.commits.catch_up()
        return dict(self.commits.applied)

    async def _hurt(self, kind: Kind, victim: int) -> None:
        match kind:
            case Kind.KILL:
                self.fleet.send(victim, signal.SIGKILL)
            case Kind.TERMINATE:
                self.fleet.send(victim, signal.SIGTERM)
            case Kind.LEAVE:
                await self.fleet.leave(victim)
            case _:
                self.fleet.send(victim, signal.SIGSTOP)
                await asyncio.sleep(SLEEP_SECONDS)
                self.fleet.send(victim, signal.SIGCONT)

    async def _recovered(self, strike: Strike, before: dict[int, int]) -> None:
        """Wait until every partition has committed again, or has nothing left to do."""
        began = time.monotonic()
        while time.monotonic() < began + RECOVERY_SECONDS:
            behind = await self.commits.behind()
            moved = all(self.commits.applied[n] > at for n, at in before.items())
            if moved or (self.feeder.idle and behind is not None and not any(behind.values())):
                strike.recovered = time.monotonic() - began
                return
        self.stalled += 1


def total_seconds(disturbances: list[Disturbance]) -> float:
    """About how long a schedule takes."""
    return sum(SECONDS[each.kind] for each in disturbances)
