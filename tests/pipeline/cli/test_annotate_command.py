from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.identity import fingerprint
from pipeline.log.base import Output
from pipeline.log.journal import Journal
from pipeline.outputs.encode import encode
from pipeline.settings import JournalSettings
from tests.pipeline.cli.command import Command
from tests.pipeline.outputs.make import alert

WHEN = ("--from", "2026-11-27T08:00", "--to", "2026-11-27T20:00")
PEAK = ("annotate", "planned-peak", "--scope", "acme:orders-*", *WHEN)


def records(path: Path, partition: int = 0) -> list[dict[str, Any]]:
    """The events a journal holds in one partition."""

    async def look() -> list[dict[str, Any]]:
        journal = await Journal.open(JournalSettings(path=path, partitions=2))
        try:
            found = await journal.read(partition, after=None)
        finally:
            await journal.aclose()
        return [event for record in found for event in json.loads(record.value or b"[]")]

    return asyncio.run(look())


def publish(path: Path, outputs: list[Output]) -> None:
    """Have a journal hold outputs, as if an engine had put them there."""

    async def write() -> None:
        journal = await Journal.open(JournalSettings(path=path, partitions=2))
        partition = journal.partition(0)
        await partition.open()
        await partition.commit(0, outputs)
        await partition.aclose()
        await journal.aclose()

    asyncio.run(write())


@pytest.fixture
def told(cogentai: Command):
    """Run a command on a journal of two partitions; return what is in one of them then."""
    path = cogentai.folder / "journal.db"

    def run(*arguments: object, partition: int = 0, **settings: object) -> list[dict[str, Any]]:
        ended = cogentai(*arguments, journal__path=path, journal__partitions=2, **settings)
        assert (ended.code, ended.err) == (0, "")
        return records(path, partition)

    return run


@pytest.mark.parametrize("partition", [0, 1])
def test_a_planned_peak_is_an_event_in_every_partition(told, partition: int):
    (event,) = told(*PEAK, "--factor", 2, "--author", "ana", partition=partition)
    assert (event["type"], event["tenant"]) == ("cogent.annotation", "acme")
    assert event["data"] == {
        "kind": "planned_peak",
        "scope": "orders-*",
        "from": "2026-11-27T08:00:00Z",
        "to": "2026-11-27T20:00:00Z",
        "expected_factor": 2.0,
        "author": "ana",
    }


def test_times_without_an_offset_are_the_tenants_local_time(told):
    zones = json.dumps({"acme": "America/New_York"})
    (event,) = told(*PEAK, engine__timezones=zones)
    assert event["data"]["from"] == "2026-11-27T08:00:00-05:00"


@pytest.mark.parametrize("kind", ["holiday", "maintenance", "backfill"])
def test_other_stretches_of_time_are_told_alike(told, kind: str):
    (event,) = told("annotate", kind, "--scope", "acme:*", "--from", "now", "--to", "2099-01-01")
    assert (event["data"]["kind"], event["data"]["scope"]) == (kind, "*")
    began = datetime.fromisoformat(event["data"]["from"])
    assert abs((datetime.now(UTC) - began).total_seconds()) < 60


def test_a_deployment_is_told_to_the_flow(told):
    change = ("annotate", "change", "--flow", "acme:orders", "--version", 7, "--author", "ana")
    told(*change)
    events = [*told("annotate", "list", partition=0), *told("annotate", "list", partition=1)]
    assert [event["data"] for event in events] == [
        {
            "object": "version", "object_id": "7", "change": "deployed", "flow_id": "orders",
            "version": "7", "user_id": "ana",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("annotate", "holiday", "--scope", "orders", *WHEN), "--scope"),
        (("annotate", "holiday", "--scope", "acme:*", "--from", "noon", "--to", "now"), "--from"),
        ((*PEAK, "--factor", "0"), "expected_factor"),
        (("annotate", "change", "--flow", "acme:orders", "--object", "moon"), "object"),
    ],
)
def test_what_cannot_be_told_is_named_and_ends_with_2(
    cogentai: Command, arguments: tuple[object, ...], named: str
):
    ended = cogentai(*arguments)
    assert (ended.code, named in ended.err) == (2, True)
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("judgement", "verdict"), [("false-alarm", "false_alarm"), ("real", "real")]
)
def test_a_verdict_names_the_alert_it_is_about(
    told, cogentai: Command, judgement: str, verdict: str
):
    raised = alert(id="0123456789abcdef", fingerprint=fingerprint("acme", "orders", "volume"))
    publish(cogentai.folder / "journal.db", encode([raised], topic="events", partition=0))
    (event,) = told("alerts", "verdict", "0123", judgement, "--note", "a re-sync", "--author", "x")
    assert event["data"] == {
        "kind": "feedback",
        "scope": "orders",
        "verdict": verdict,
        "alert_fingerprint": raised.fingerprint,
        "alert_id": raised.id,
        "author": "x",
        "note": "a re-sync",
    }


def test_a_verdict_on_an_alert_nobody_raised_ends_with_1(cogentai: Command):
    publish(cogentai.folder / "journal.db", [])
    ended = cogentai("alerts", "verdict", "beef", "real", journal__path="journal.db",
                     journal__partitions=2)  # fmt: skip
    assert (ended.code, "beef" in ended.err) == (1, True)


def test_what_was_told_is_listed(told, cogentai: Command):
    told(*PEAK, "--factor", 2, "--author", "ana", "--note", "[Black] Friday")
    where = {"journal__path": "journal.db", "journal__partitions": 2}
    (line,) = cogentai("annotate", "list", **where).out.splitlines()
    assert "planned_peak acme:orders-*" in line
    assert "expected_factor=2.0 author=ana note=[Black] Friday" in line
    (found,) = cogentai("annotate", "list", "--json", **where).objects
    assert (found["kind"], found["tenant"], found["author"]) == ("planned_peak", "acme", "ana")
