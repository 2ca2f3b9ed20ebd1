"""A target fuzzed in a process of its own, and what it told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

_EDGES = re.compile(r"\bcov: (\d+)")


class BrokenError(RuntimeError):
    """The process ended before its time."""


@dataclass
class Outcome:
    """What fuzzing a target came to."""

    target: str
    executions: int = 0
    seconds: float = 0.0
    slowest_ms: float = 0.0
    edges: int = 0
    faults: dict[str, Path] = field(default_factory=dict)
    """The saved input by what went wrong with it."""


@dataclass(frozen=True)
class Campaign:
    """How long to fuzz, and where to keep what is found."""

    runs: int
    seconds: float
    seed: int
    folder: Path

    def fuzz(self, target: str, progress: Callable[[Outcome], None]) -> Outcome:
        """Fuzz one target; tells of its progress now and then.

        Raises
        ------
        BrokenError
            If the process ends before its time; its own words are in a file that is named.
        """
        kept = self.folder / target
        kept.mkdir(parents=True, exist_ok=True)
        outcome = Outcome(target)
        log = kept / "libfuzzer.log"
        with tempfile.TemporaryDirectory() as corpus, log.open("wb") as report:
            command = [sys.executable, "-m", "tests.fuzz.child", target, "--corpus", corpus]
            command += [f"--runs={self.runs}", f"--seconds={self.seconds}", f"--seed={self.seed}"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=report) as child:
                assert child.stdout is not None
                for line in filter(bytes.strip, child.stdout):  # a child may die in mid-line
                    _hear(outcome, json.loads(line), kept)
                    progress(outcome)
        outcome.edges = max(map(int, _EDGES.findall(log.read_text(errors="replace"))), default=0)
        if child.returncode:
            raise BrokenError(f"{target} ended with {child.returncode}: see {log}")
        return outcome


def _hear(outcome: Outcome, said: dict[str, str | int | float], kept: Path) -> None:
    if "fault" in said:
        place = str(said["fault"])
        outcome.faults[place] = _keep(kept, "crash", str(said["raw"]))
        outcome.faults[place].with_suffix(".txt").write_text(str(said["story"]))
        return
    outcome.executions = int(said["executions"])
    outcome.seconds = float(said["seconds"])
    outcome.slowest_ms = float(said["slowest_ms"])
    if slowest := str(said["slowest"]):
        _keep(kept, "slow", slowest)


def _keep(folder: Path, kind: str, raw: str) -> Path:
    data = bytes.fromhex(raw)
    path = folder / f"{kind}-{sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path
