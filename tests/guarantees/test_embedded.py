"""``cogentai run``, killed at every step between a request and the alert it brings about."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.log.base import Record
from pipeline.log.journal import Journal
from pipeline.log.journal_schema import open_readable
from pipeline.settings import EngineSettings, JournalSettings
from tests.e2e.processes import Cogentai, free_port
from tests.e2e.retail import feed
from tests.e2e.verifier import TOPICS, Published, replayed, until
from tests.e2e.warm import Program
from tests.guarantees.page import Death, deaths, name
from tests.guarantees.scenario import (
    ENV,
    OUTAGE,
    STRETCH,
    check_counted_once,
    of_outage,
    program,
    seen_of_last,
    seen_of_request,
    work_all_but_one,
    work_half,
)
from tests.guarantees.sender import Sender

Run = Callable[..., Cogentai]


@pytest.fixture
def settings(tmp_path: Path) -> JournalSettings:
    return JournalSettings(path=tmp_path / "journal.db", partitions=1)


@pytest.fixture
def run(settings: JournalSettings, tmp_path: Path) -> Run:
    journal = {"PATH": str(settings.path), "PARTITIONS": "1"}
    env = ENV | {f"COGENTAI_JOURNAL__{key}": value for key, value in journal.items()}

    def start(port: int = 0, program: Program = main) -> Cogentai:
        return Cogentai(tmp_path, "run", {**env, "COGENTAI_INGEST__PORT": str(port)}, program)

    return start


async def records(settings: JournalSettings) -> list[Record]:
    journal = await Journal.open(settings)
    found = await journal.read(0, None, limit=100_000)
    await journal.aclose()
    return found


def published(settings: JournalSettings) -> Published:
    connection = open_readable(settings.path)
    rows = connection.execute("SELECT topic, key, value FROM outputs ORDER BY sequence").fetchall()
    connection.close()
    return {(topic, 0): [(k, v) for t, k, v in rows if t == topic] for topic in TOPICS}


def applied(settings: JournalSettings) -> int | None:
    connection = open_readable(settings.path)
    ((offset,),) = connection.execute("SELECT applied FROM checkpoints").fetchall()
    connection.close()
    return offset  # type: ignore[no-any-return]


async def check_all_is_published(settings: JournalSettings) -> None:
    """In order and to the byte what one reading of the journal gives; and every event once."""
    log = await records(settings)
    await until(lambda: applied(settings) == log[-1].offset, "everything is applied")
    found = published(settings)
    assert found == replayed({0: log}, EngineSettings(), "journal")
    check_counted_once(found)


@pytest.mark.parametrize("death", deaths("From the request to the journal"), ids=name)
async def test_a_request_in_which_it_dies(
    death: Death, settings: JournalSettings, run: Run
) -> None:
    sender = Sender(STRETCH)
    with run(port := free_port(), program(death)) as victim:
        await until(victim.ready, "ready")
        answers = await sender.send(port)
        assert victim.exit_code(within=5) == -signal.SIGKILL
    assert seen_of_request(death, answers, await records(settings)) == death.seen
    with run(port := free_port()) as heir:
        await until(heir.ready, "ready")
        assert set(await sender.send(port)) == {"202"}
        await check_all_is_published(settings)


@pytest.mark.parametrize("death", deaths("From the journal to the alert"), ids=name)
async def test_a_batch_in_which_it_dies(death: Death, settings: JournalSettings, run: Run) -> None:
    journal = await Journal.open(settings)
    await feed(journal, STRETCH)
    half = await work_half(journal.partition(0), await journal.read(0, None), "journal")
    await journal.aclose()
    with run(program=program(death)) as victim:
        code = await asyncio.to_thread(victim.exit_code, within=20)
        assert code == -signal.SIGKILL, victim.said()
    is_published = (applied(settings) or 0) > half
    assert ("published" if is_published else "not published") == death.seen
    with run():
        await check_all_is_published(settings)


@pytest.mark.parametrize("death", deaths("From one record to several commits"), ids=name)
async def test_a_record_of_several_commits_in_which_it_dies(
    death: Death, settings: JournalSettings, run: Run
) -> None:
    journal = await Journal.open(settings)
    await feed(journal, OUTAGE)
    log = await journal.read(0, None)
    await work_all_but_one(journal.partition(0), log, "journal")
    await journal.aclose()
    before = published(settings)
    with run(program=program(death)) as victim:
        code = await asyncio.to_thread(victim.exit_code, within=60)
        assert code == -signal.SIGKILL, victim.said()
    assert seen_of_last(before, published(settings)) == death.seen
    with run():
        await until(lambda: applied(settings) == log[-1].offset, "everything is applied")
        assert published(settings) == of_outage()
