"""A process that fuzzes one target with Atheris, guided by coverage of our own code.

Its standard output is JSON Lines: how far it is, and each fault once. Libfuzzer's own report goes
to standard error.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import time
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from tests.fuzz.execution import Tally
from tests.fuzz.mutation import Mutator
from tests.fuzz.seeds import found
from tests.fuzz.targets import NAMES, Target, load

OURS = ["schemas", "detectors", "pipeline", "standardwebhooks", "drain3", "cronsim"]
TELL_SECONDS = 0.25


class Fuzzing:
    """A target being fuzzed until so many executions or seconds have passed."""

    def __init__(self, target: Target, runs: int, seconds: float) -> None:
        self.target = target
        self.tally = Tally()
        self._runs = runs
        self._begun = time.monotonic()
        self._seconds = seconds
        self._tell_at = 0.0
        self._told: set[str] = set()

    def one(self, raw: bytes) -> None:
        """Execute the target once; ends the process when it is time."""
        self.tally.execute(self.target.check, raw)
        passed = time.monotonic() - self._begun
        last = self.tally.executions >= self._runs or passed >= self._seconds
        if last or passed >= self._tell_at:
            self._tell_at = passed + TELL_SECONDS
            self._tell(passed, last=last)
        if last:
            os._exit(0)  # libfuzzer knows no other way to stop without an error

    def _tell(self, passed: float, *, last: bool) -> None:
        for place in self.tally.faults.keys() - self._told:
            self._told.add(place)
            fault = self.tally.faults[place]
            _say(fault=place, story=fault.story, raw=fault.raw.hex())
        _say(
            executions=self.tally.executions,
            seconds=passed,
            slowest_ms=self.tally.slowest_ms,
            slowest=self.tally.slowest.hex() if last else "",
        )


def _say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


def main() -> NoReturn:
    import atheris  # it is not there on every platform

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--corpus", type=Path, required=True, help="an empty folder for its use")
    given = parser.parse_args()
    with atheris.instrument_imports(include=OURS):
        target = load(given.target)
        seeds = [*target.seeds(), *(path.read_bytes() for path in found(target.name))]
        for seed in seeds:
            Tally().execute(target.check, seed)  # whatever is imported late is imported now
    gc.freeze()
    mutator = Mutator(seeds, target.words)

    def mutated(raw: bytes, longest: int, seed: int) -> bytes:
        if seed % 4 == 0:
            return atheris.Mutate(raw, longest)
        return mutator.mutated(raw, longest, Random(seed))

    for i, seed in enumerate(seeds):
        (given.corpus / f"{i:04}").write_bytes(seed)
    fuzzing = Fuzzing(target, given.runs, given.seconds)
    options = [f"-seed={given.seed}", f"-max_len={target.longest}", "-len_control=0"]
    atheris.Setup([parser.prog, *options, str(given.corpus)], fuzzing.one, custom_mutator=mutated)
    atheris.Fuzz()
    raise AssertionError("libfuzzer ends the process itself")


if __name__ == "__main__":
    main()
