"""The command line as a user meets it, in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main

ROOT = Path(__file__).parents[3]


@dataclass
class Finished:
    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Standard output, read as one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


class Command:
    """Runs ``cogentai`` with arguments; says how it ended and what it printed."""

    def __init__(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
    ) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        self.folder = folder

    def __call__(self, *arguments: object, **settings: object) -> Finished:
        with self._called_with(arguments, settings), pytest.raises(SystemExit) as ended:
            main()
        captured = self._capsys.readouterr()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Finished(code or 0, captured.out, captured.err)

    @contextmanager
    def _called_with(self, arguments: tuple[object, ...], settings: Any) -> Iterator[None]:
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["cogentai", *map(str, arguments)])
            for name, value in settings.items():
                patch.setenv(f"COGENTAI_{name.upper()}", str(value))
            yield


def alone(*arguments: object, **settings: object) -> Finished:
    """Run ``cogentai`` to its end in a process of its own."""
    with started(*arguments, **settings) as process:
        out, err = process.communicate(timeout=60)
    return Finished(process.returncode, out, err)


def started(*arguments: object, **settings: object) -> subprocess.Popen[str]:
    """Start ``cogentai`` in a process of its own."""
    named = {f"COGENTAI_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-c", "from pipeline.cli import main; main()", *map(str, arguments)],
        env={**os.environ, **named, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
