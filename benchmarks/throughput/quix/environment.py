"""The Python that the Quix Streams peer runs in: an environment made once, and kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
HOME = Path(".run/quix")
NAMED = "COGENTAI_BENCH_QUIX_PYTHON"


class NoQuixError(Exception):
    """There is no environment for Quix Streams, and none can be made here."""


def quix_python() -> str:
    """Return the interpreter: the one the environment names, or that of an environment made here.

    Raises
    ------
    NoQuixError
        If the environment cannot be made.
    """
    if named := os.environ.get(NAMED):
        return named
    python = HOME.absolute() / "bin" / "python"
    made = HOME / "made"
    if not made.exists():
        uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
        _run(uv, "venv", "--clear", "--python", sys.executable, str(HOME))
        _run(uv, "pip", "install", "--python", str(python), "-r", str(REQUIREMENTS))
        made.touch()
    return str(python)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NoQuixError(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        raise NoQuixError(done.stderr.strip()[-500:])
