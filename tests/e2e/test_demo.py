"""What a newcomer runs first, as it is run."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(1000)
async def test_the_demo_finds_its_first_fault_and_leaves_a_picture(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "demo"]
    done = await asyncio.to_thread(
        subprocess.run,
        [*command, "--fast", "--hours", "4", "--json"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=980,
    )
    assert done.stderr == b""
    card = json.loads(done.stdout)
    first = card["faults"][0]
    assert (first["kind"], first["outcome"]) == ("stop", "found")
    assert first["minutes_to_detect"] <= 5
    assert card["missed"] == 0
    assert (tmp_path / "demo.png").stat().st_size > 10_000
