"""Dead letters, listed, shown and sent again by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from pipeline.log.base import BATCH_CONTENT_TYPE, Entry
from pipeline.log.journal import Journal
from pipeline.log.kafka import KafkaLog
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.settings import EngineSettings, JournalSettings
from pipeline.worker.partition import Partition
from tests.conftest import MakeTopics
from tests.e2e.verifier import read
from tests.make import MONDAY, Event, run
from tests.pipeline.cli.command import Command, Finished

BATCH = (("content-type", BATCH_CONTENT_TYPE),)
SETTINGS = EngineSettings(max_flows=1)


def unknown(id_: str, secret: str = "") -> Event:
    """An event of a type that nobody knows."""
    return run(MONDAY, attributes={"id": id_, "type": "cogent.unheard", "note": secret})


class Desk:
    """A journal of one partition, an engine, and the command."""

    def __init__(self, cogentai: Command) -> None:
        self._cogentai = cogentai
        self._path = cogentai.folder / "journal.db"

    def __call__(self, *arguments: object) -> Finished:
        settings = {"journal__path": self._path, "journal__partitions": 1}
        return self._cogentai("dlq", *arguments, **settings)

    def work(self, *events: Event) -> dict[str, int]:
        """Write events, if any, and apply all there is; return what the engine has counted."""
        return asyncio.run(self._work(events))

    async def _work(self, events: Sequence[Event]) -> dict[str, int]:
        journal = await Journal.open(JournalSettings(path=self._path, partitions=1))
        await journal.append([Entry("acme:x", json.dumps(e).encode()) for e in events])
        partition = Partition(journal.partition(0), SETTINGS, "journal")
        await partition.open()
        await partition.process(await journal.read(0, None))
        await partition.close()
        await journal.aclose()
        return partition.engine.totals


@pytest.fixture
def desk(cogentai: Command) -> Desk:
    return Desk(cogentai)


def test_the_list_says_where_each_lies_and_why_it_is_dead(desk: Desk):
    desk.work(run(MONDAY), unknown("1"), run(MONDAY, flow_id="second"))
    found = desk("list")
    assert (found.code, found.err) == (0, "")
    assert "0-1-1" in found.out
    assert "unknown_type" in found.out
    assert "1 flows are watched already" in found.out
    assert "2 dead letters: 1 unknown_type, 1 too_many_flows" in found.out


def test_those_of_one_reason_are_listed_as_json(desk: Desk):
    desk.work(run(MONDAY), unknown("1"), run(MONDAY, flow_id="second"))
    (letter,) = desk("list", "--reason", "too_many_flows", "--json").objects
    assert (letter["reason"], json.loads(letter["value"])["data"]["flow_id"]) == (
        "too_many_flows",
        "second",
    )


def test_one_is_shown_in_full_and_without_secrets(desk: Desk):
    desk.work(unknown("1", secret="https://host/hook?patchworks_signature=s3cret"))
    found = desk("show", "0-1-0")
    assert "cogent.unheard" in found.out
    assert "patchworks_signature=<SECRET>" in found.out
    assert "s3cret" not in found.out
    missing = desk("show", "7-7")
    assert (missing.code, "there is no dead letter 7-7" in missing.err) == (1, True)


def test_what_was_refused_is_applied_once_its_cause_is_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    desk.work(run(MONDAY), run(MONDAY, flow_id="second"))
    monkeypatch.setattr("tests.pipeline.cli.test_dlq_command.SETTINGS", EngineSettings())
    sent = desk("replay", "--all")
    assert (sent.code, sent.out) == (0, "1 events of 1 dead letters were sent again.\n")
    assert desk.work()["events.cogent.flow.run"] == 2


def test_what_is_sent_again_twice_counts_once(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    desk.work(run(MONDAY), run(MONDAY, flow_id="second"))
    monkeypatch.setattr("tests.pipeline.cli.test_dlq_command.SETTINGS", EngineSettings())
    desk("replay", "--all")
    desk("replay", "--all")
    totals = desk.work()
    assert (totals["events.cogent.flow.run"], totals["duplicate"]) == (2, 1)


def test_what_breaks_its_contract_still_is_refused_again(desk: Desk):
    desk.work(unknown("1"), run(MONDAY), run(MONDAY, flow_id="second"))
    found = desk("replay", "--all")
    assert found.code == 1
    assert "1 events of 2 dead letters were sent again." in found.out
    assert "1 refused as before: type" in found.out


def test_a_dry_run_says_what_would_happen_and_writes_nothing(desk: Desk):
    desk.work(run(MONDAY), run(MONDAY, flow_id="second"))
    found = desk("replay", "--reason", "too_many_flows", "--dry-run")
    assert (found.code, found.out) == (0, "1 events of 1 dead letters would be sent again.\n")
    assert desk.work()["events.cogent.flow.run"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [((), 2, "say which"), (("9-9",), 1, "there is no dead letter 9-9")],
)
def test_it_must_be_said_which(desk: Desk, arguments: tuple[str, ...], code: int, words: str):
    desk.work(run(MONDAY))
    found = desk("replay", *arguments)
    assert (found.code, words in found.err) == (code, True)


def test_without_a_journal_there_is_nothing_to_read(desk: Desk):
    found = desk("list")
    assert (found.code, "journal.db" in found.err) == (3, True)


@pytest.mark.kafka
def test_those_on_kafka_are_found_and_sent_again(
    cogentai: Command, kafka: str, make_topics: MakeTopics
):
    topics = make_topics(kafka, 2)
    settings = {f"kafka__{k}": v for k, v in topics.model_dump(exclude_none=True).items()}
    events = [run(MONDAY), run(MONDAY, flow_id="second")]

    async def bury() -> None:
        log = await KafkaLog.open(topics)
        await log.append([Entry("acme:x", json.dumps(event).encode()) for event in events])
        await log.aclose()
        for number, found in (await read(topics, topics.events_topic)).items():
            log = KafkaPartitionLog(topics, number)
            partition = Partition(log, SETTINGS, topics.events_topic)
            await partition.open()
            await partition.process(found)
            await partition.close()

    asyncio.run(bury())
    (letter,) = cogentai("dlq", "list", "--log", "kafka", "--json", **settings).objects
    assert letter["reason"] == "too_many_flows"
    sent = cogentai("dlq", "replay", letter["id"], "--log", "kafka", **settings)
    assert sent.out == "1 events of 1 dead letters were sent again.\n"
    records = asyncio.run(read(topics, topics.events_topic))
    told = [e for found in records.values() for r in found for e in json.loads(r.value or b"")]
    assert [event["data"]["flow_id"] for event in told] == ["orders", "second", "second"]
