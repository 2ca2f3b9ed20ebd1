"""The demo: from the header to the scorecard, with a tiny engine behind its seams."""

from __future__ import annotations

import asyncio
import io
import math
import os
import re
import signal
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.simulator.demo import (
    HISTORY_LEAD,
    LEAD,
    EngineStoppedError,
    Seams,
    run_demo,
    stop_on_interrupt,
)
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.scorecard import Scorecard

from .tiny_engine import START, TinyEngine, firing


class Stage:
    """A demo about to be played, and what it prints."""

    def __init__(self, scenario: Scenario, *, terminal: bool = False) -> None:
        self.scenario = scenario
        self.engine = TinyEngine(scenario)
        self.paper = io.StringIO()
        self.console = Console(
            file=self.paper, width=100, force_terminal=terminal, no_color=not terminal
        )

    @property
    def text(self) -> str:
        return self.paper.getvalue()

    async def play(self, **options: object) -> Scorecard:
        engine = self.engine
        stretches = self.scenario.runs()

        async def live(until: datetime) -> None:
            stretch = next(stretches)
            assert stretch.until == until
            for body in stretch.bodies:
                await engine.post(body)

        seams = Seams(engine.backfill, live, engine.emissions())
        fast = {"minutes_per_second": math.inf}
        return await run_demo(self.scenario, seams, self.console, **(fast | options))


def names(directory: Path) -> list[str]:
    return [file.name for file in directory.iterdir()]


@pytest.fixture
def stage(scenario: Scenario) -> Stage:
    return Stage(scenario)


async def test_history_goes_to_the_backfill_and_then_time_runs_on_minute_by_minute(stage: Stage):
    await stage.play()
    scenario = stage.scenario
    assert stage.engine.bodies["backfill"] == [
        body for stretch in scenario.backfill(handed_over=True) for body in stretch.bodies
    ]
    assert stage.engine.bodies["post"] == [b for s in scenario.runs() for b in s.bodies]


async def test_the_scorecard_tells_what_the_engine_found(stage: Stage):
    card = await stage.play()
    assert card.count("found") == len(card.findings) == 1
    assert card.findings[0].minutes == 2
    assert card.false == []


async def test_an_alert_is_told_beside_the_fault_that_caused_it(stage: Stage):
    await stage.play()
    fault = stage.scenario.faults[0]
    told = re.sub(r"\s+", " ", stage.text)
    assert f"{fault.start:%a %H:%M} fault stop: Orders: Shopify to NetSuite" in told
    assert re.search(rf"CRITICAL {fault.flow_id} has stopped: .*Cause: {fault.cause}", told)
    assert "Found 2 minutes after it began." in told
    assert f"resolved {fault.flow_id}" in told
    assert told.index("fault stop") < told.index("CRITICAL") < told.index("resolved")


async def test_the_live_part_never_runs_far_ahead_of_the_engine(stage: Stage):
    await stage.play()
    ahead = stage.engine.ahead["post"]
    assert len(ahead) == 150
    assert max(ahead) <= LEAD


async def test_history_never_runs_far_ahead_of_the_engine():
    stage = Stage(Scenario.draw(START, history_days=0.5, live_hours=0.1))
    await stage.play()
    ahead = stage.engine.ahead["backfill"]
    assert HISTORY_LEAD / 2 < max(ahead) <= HISTORY_LEAD


async def test_the_live_part_keeps_to_its_speed(stage: Stage):
    began = asyncio.get_running_loop().time()
    await stage.play(minutes_per_second=300)
    assert asyncio.get_running_loop().time() - began > 149 / 300


async def test_it_leaves_a_picture_and_says_where(stage: Stage, tmp_path: Path):
    picture = tmp_path / "demo.png"
    await stage.play(picture=picture)
    assert picture.stat().st_size > 20_000
    assert f"Picture: {picture}" in stage.text


async def test_an_alert_without_a_fault_is_called_a_false_alarm(stage: Stage):
    at = stage.scenario.live_start + timedelta(minutes=90)
    stage.engine.also = [firing("refunds-shopify-netsuite", at)]
    card = await stage.play()
    assert len(card.false) == 1
    assert "False alarm: nothing was injected here." in stage.text
    assert "1 false alarm in" in stage.text


async def test_alerts_while_learning_are_counted_but_neither_shown_nor_scored(stage: Stage):
    at = stage.scenario.start + timedelta(minutes=90)
    stage.engine.also = [firing("refunds-shopify-netsuite", at)]
    card = await stage.play()
    assert card.false == []
    assert "raised 1 alert." in stage.text
    assert "refunds-shopify-netsuite" not in stage.text


async def test_stopping_it_while_live_scores_what_was_seen(stage: Stage, tmp_path: Path):
    stop, fault = asyncio.Event(), stage.scenario.faults[0]
    sent = stage.engine.post

    async def post(body: bytes) -> None:
        await sent(body)
        if stage.engine.closed_to and stage.engine.closed_to > fault.start + timedelta(minutes=5):
            stop.set()
            await asyncio.sleep(60)

    stage.engine.post = post
    card = await stage.play(stop=stop, picture=tmp_path / "demo.png")
    assert card.count("found") == 1
    assert card.until < fault.end
    assert "1 of 1 faults found" in stage.text
    assert names(tmp_path) == ["demo.png"]


async def test_stopping_it_while_learning_says_that_there_is_nothing_to_score(
    stage: Stage, tmp_path: Path
):
    stop = asyncio.Event()
    stop.set()
    card = await stage.play(stop=stop, picture=tmp_path / "never.png")
    assert card.findings == []
    assert "nothing to score" in stage.text
    assert names(tmp_path) == []


async def test_ctrl_c_sets_the_stop_and_a_second_one_interrupts():
    with stop_on_interrupt() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(stop.wait(), 5)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


async def test_sigterm_stops_it_too():
    with stop_on_interrupt() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 5)


async def test_an_engine_that_stops_early_is_an_error(stage: Stage):
    stage.engine.finish()
    with pytest.raises(EngineStoppedError, match="the engine stopped"):
        await stage.play()


async def test_what_sending_raises_ends_the_demo(stage: Stage):
    async def broken(_: bytes) -> None:
        raise ConnectionError("refused")

    stage.engine.post = broken
    with pytest.raises(ConnectionError, match="refused"):
        await stage.play()


async def test_no_task_is_left_behind(stage: Stage):
    before = asyncio.all_tasks()
    await stage.play()
    assert asyncio.all_tasks() == before


async def test_without_a_terminal_it_prints_plain_lines_of_at_most_the_width(stage: Stage):
    await stage.play()
    assert "\x1b" not in stage.text
    assert "\r" not in stage.text
    assert max(map(len, stage.text.splitlines())) <= 100
    assert re.search(r"^Live: Tue \d\d:\d\d, \d alerts?$", stage.text, re.MULTILINE)


async def test_on_a_terminal_it_shows_a_bar_in_colour(scenario: Scenario):
    stage = Stage(scenario, terminal=True)
    await stage.play(minutes_per_second=300)
    assert "\x1b[" in stage.text
    assert "━" in stage.text


async def test_the_header_names_every_flow_and_what_will_happen(stage: Stage):
    await stage.play()
    header = stage.text[: stage.text.index("Live from")]
    for profile in stage.scenario.profiles:
        assert profile.name in header
    for step in ("1 Learn", "2 Disturb", "3 Score", "Ctrl-C"):
        assert step in header
