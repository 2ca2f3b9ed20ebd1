"""The broker's own jars, fetched once with Maven."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.broker.base import POM, NoBrokerError, kafka_version

_CACHE = POM.parents[2] / ".run" / "kafka"


def fetch_jars(say: Callable[[str], None]) -> Path:
    """Return the folder of the jars, filling it on first use.

    Raises
    ------
    NoBrokerError
        If they are not there and Maven is missing or fails.
    """
    folder = _CACHE / kafka_version()
    if folder.exists():
        return folder
    if shutil.which("mvn") is None:
        raise NoBrokerError("Maven (mvn) is not installed, to fetch the broker with")
    say(f"fetching Apache Kafka {folder.name} with Maven (about 45 MB) into {folder} …")
    started = time.monotonic()
    _CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_CACHE) as scratch:
        _copy_dependencies(Path(scratch) / "jars")
        if not folder.exists():  # another run may have been quicker
            (Path(scratch) / "jars").rename(folder)
    say(f"… fetched in {time.monotonic() - started:.0f} s")
    return folder


def _copy_dependencies(folder: Path) -> None:
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    done = subprocess.run(
        [*command, f"-DoutputDirectory={folder}"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NoBrokerError(f"Maven could not fetch the broker: {done.stdout[-2000:].strip()}")
