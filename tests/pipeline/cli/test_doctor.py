from __future__ import annotations

import asyncio
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.log.journal import Journal
from pipeline.settings import JournalSettings
from tests.pipeline.cli.command import Command


def make_journal(path: Path) -> None:
    async def make() -> None:
        await (await Journal.open(JournalSettings(path=path))).aclose()

    asyncio.run(make())


def test_all_is_well_in_an_empty_folder(cogentai: Command):
    found = cogentai("doctor")
    assert found.code == 0
    assert "only this machine may post" in found.out
    assert "does not exist yet" in found.out


def test_each_finding_is_one_json_object(cogentai: Command):
    objects = cogentai("doctor", "--json").objects
    assert [set(found) for found in objects] == [{"subject", "good", "words"}] * len(objects)
    assert [found["subject"] for found in objects][:3] == ["senders", "patchworks", "journal"]


def test_a_sound_journal_is_good_and_a_damaged_one_is_not(cogentai: Command):
    path = cogentai.folder / "odd name?[#].db"
    make_journal(path)
    assert cogentai("doctor", journal__path=path).code == 0
    path = cogentai.folder / "damaged [1].db"
    path.write_bytes(b"not a database at all" * 1000)
    found = cogentai("doctor", journal__path=path.name)
    assert found.code == 1
    assert "damaged [1].db cannot be read" in found.out


def test_a_damaged_journal_is_made_anew_when_asked(cogentai: Command):
    path = cogentai.folder / "journal.db"
    make_journal(path)
    assert "nothing to repair" in cogentai("doctor", "--repair", journal__path=path).out
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(2 * 4096)  # the first two pages say that it is a journal
        file.write(b"\xff" * 2 * 4096)
    found = cogentai("doctor", journal__path=path)
    assert (found.code, "cogentai doctor --repair" in found.out) == (1, True)

    repaired = cogentai("doctor", "--repair", journal__path=path)

    assert repaired.code == 0
    assert "is made anew; the damaged one is" in repaired.out
    assert "records: 0 kept" in repaired.out
    assert list(cogentai.folder.glob("journal.db.damaged-*"))


def test_what_is_no_database_is_left_alone_by_a_repair(cogentai: Command):
    path = cogentai.folder / "letters.txt"
    path.write_bytes(b"dear diary" * 1000)
    found = cogentai("doctor", "--repair", journal__path=path)
    assert (found.code, "nothing was touched" in found.err) == (3, True)


def test_an_edge_open_to_others_without_a_token_is_trouble(cogentai: Command):
    assert cogentai("doctor", ingest__host="0.0.0.0").code == 1
    assert cogentai("doctor", ingest__host="0.0.0.0", ingest__tokens__shop="s3cret").code == 0


def test_a_host_that_is_none_is_trouble(cogentai: Command):
    found = cogentai("doctor", metrics__host="no-such-host.invalid")
    assert (found.code, "no-such-host.invalid" in found.out) == (1, True)


def test_a_port_in_use_is_told(cogentai: Command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = cogentai("doctor", ingest__port=taken.getsockname()[1])
    assert "is in use" in found.out


def test_no_secret_is_printed(cogentai: Command):
    settings = {
        "ingest__tokens__shop": "s3cret",
        "ingest__signing_secrets__patchworks": "whsec_s3cret00",
        "kafka__sasl_password": "s3cret",
    }
    for form in ((), ("--json",)):
        found = cogentai("doctor", *form, **settings)
        assert found.code == 0
        assert "2 tokens and secrets" in found.out
        assert "s3cret" not in found.out + found.err


def test_a_port_that_is_taken_ends_a_run_with_3(cogentai: Command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for section in ("ingest", "metrics"):
            ended = cogentai("run", **{f"{section}__port": port})
            assert ended.code == 3
            assert f"127.0.0.1:{port}" in ended.err
            assert "Traceback" not in ended.err
