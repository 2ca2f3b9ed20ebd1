"""One run from an empty broker to a verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.log.kafka import KafkaLog
from pipeline.settings import KafkaSettings
from tests.broker import Broker
from tests.chaos.commits import Commits
from tests.chaos.feed import Feeder, entries
from tests.chaos.fleet import Exit, Fleet
from tests.chaos.schedule import Plan, schedule
from tests.chaos.storm import RECOVERY_SECONDS, WORKERS, Storm, Strike, total_seconds
from tests.chaos.verdict import Check, judge
from tests.e2e.processes import environment
from tests.e2e.verifier import ENGINE

EXPECTED_ENDS = (
    "0",
    "SIGKILL",
    "SIGTERM",  # while it was still starting
    "1 partition",  # another owner has it, or the broker did not answer in time
    "1 Kafka does not answer",
    "3 Kafka at",  # away while it was starting
)
"""How a worker may end in a storm. Anything else is a defect."""


@dataclass(frozen=True)
class Run:
    """What came of it."""

    events: int
    commits: int
    refused: int
    strikes: list[Strike]
    exits: list[Exit]
    checks: list[Check]

    @property
    def passed(self) -> bool:
        """Whether there was something to look at everywhere, and nothing is wrong."""
        return all(check.looked_at and not check.wrong for check in self.checks)


async def run(
    broker: Broker,
    settings: KafkaSettings,
    folder: Path,
    plan: Plan,
    *,
    events: int,
    seed: int,
    say: Callable[[int, str], None] = lambda _n, _what: None,
) -> Run:
    """Feed, disturb, wait until all is applied, and judge."""
    disturbances = schedule(plan, seed)
    given = entries(events, seed)
    fleet = Fleet(folder, environment(settings))
    async with AsyncExitStack() as stack:
        log = await KafkaLog.open(settings)
        stack.push_async_callback(log.aclose)
        commits = await stack.enter_async_context(Commits.open(settings))
        feeder = Feeder(log, given, total_seconds(disturbances))
        stack.callback(fleet.kill)
        for _ in range(WORKERS):
            fleet.join()
        storm = Storm(broker, fleet, feeder, commits, say)
        watching = asyncio.create_task(fleet.watch())
        feeding = asyncio.create_task(feeder.work())
        stack.push_async_callback(_cancelled, watching)
        stack.push_async_callback(_cancelled, feeding)
        await _ready(fleet)
        await storm.rage(disturbances)
        say(len(disturbances), "the rest")
        await feeding
        left = await _worked_off(commits)
        await _cancelled(watching)
        await fleet.stop()
        say(len(disturbances), "linear replay")
        checks = [
            Check("disturbances after which commits stood still", len(disturbances), storm.stalled),
            Check("records not applied in the end", sum(commits.applied.values()), left),
            Check("ends of a worker without a good reason", *_odd(fleet.exits)),
            *await judge(settings, ENGINE, given),
        ]
    return Run(len(given), commits.seen, feeder.refused, storm.strikes, fleet.exits, checks)


async def _ready(fleet: Fleet) -> None:
    while not fleet.ready():  # noqa: ASYNC110 - nothing tells us
        await asyncio.sleep(0.2)


async def _worked_off(commits: Commits) -> int:
    """Wait until nothing is behind; return what still is when that takes too long."""
    left = -1
    with suppress(TimeoutError):
        async with asyncio.timeout(RECOVERY_SECONDS):
            while left:
                behind = await commits.behind()
                left = -1 if behind is None else sum(behind.values())
    return left


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _odd(exits: list[Exit]) -> tuple[int, int]:
    return len(exits), sum(not each.reason().startswith(EXPECTED_ENDS) for each in exits)
