from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.log.base import LogUnavailableError, Output
from pipeline.log.journal import Journal
from pipeline.log.journal_reader import JournalReader

PRINT_ALERTS = """
import asyncio, sys
from pathlib import Path
from pipeline.log.journal_reader import JournalReader

async def main():
    reader = await JournalReader.open(Path(sys.argv[1]))
    for published in await reader.outputs("alerts", None):
        print(published.output.value.decode())
    await reader.aclose()

asyncio.run(main())
"""


def alert(text: str) -> Output:
    return Output("alerts", b"acme:orders", text.encode(), (("content-type", b"text/plain"),))


async def publish(journal: Journal, *outputs: Output) -> None:
    partition = journal.partition(0)
    await partition.open()
    await partition.commit(1, outputs)


def alerts_in_another_process(path: Path) -> list[str]:
    command = [sys.executable, "-c", PRINT_ALERTS, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


async def test_an_output_comes_back_as_it_was_published(journal: Journal):
    await publish(journal, alert("a"), Output("signals", None, None))

    (published,) = await journal.outputs("alerts", None)
    (signal,) = await journal.outputs("signals", None)

    assert (published.partition, published.output) == (0, alert("a"))
    assert signal.output == Output("signals", None, None)


async def test_outputs_go_on_after_a_sequence(journal: Journal):
    await publish(journal, alert("a"), alert("b"), alert("c"))

    (first,) = await journal.outputs("alerts", None, limit=1)
    rest = await journal.outputs("alerts", first.sequence)

    assert [published.output.value for published in (first, *rest)] == [b"a", b"b", b"c"]


async def test_another_process_reads_while_the_journal_is_written(journal: Journal, tmp_path: Path):
    await publish(journal, alert("a"))

    assert alerts_in_another_process(tmp_path / "journal.db") == ["a"]

    await publish(journal, alert("b"))

    assert alerts_in_another_process(tmp_path / "journal.db") == ["a", "b"]


async def test_a_journal_can_be_read_when_nobody_writes_it(open_journal, tmp_path: Path):
    journal = await open_journal()
    await publish(journal, alert("a"))
    await journal.aclose()

    assert alerts_in_another_process(tmp_path / "journal.db") == ["a"]


def test_a_missing_journal_is_not_created_by_reading(tmp_path: Path):
    with pytest.raises(LogUnavailableError, match="it is not there"):
        asyncio.run(JournalReader.open(tmp_path / "nowhere.db"))

    assert list(tmp_path.iterdir()) == []
