from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.pipeline.cli.command import Command


@pytest.fixture
def cogentai(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """The command line in an empty folder, with no settings but the test's own."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("COGENTAI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COGENTAI_INGEST__PORT", "0")
    monkeypatch.setenv("COGENTAI_METRICS__PORT", "0")
    monkeypatch.setenv("COLUMNS", "200")
    yield Command(capsys, monkeypatch, tmp_path)
    structlog.reset_defaults()  # a command that serves has pointed it at a stream of this test
