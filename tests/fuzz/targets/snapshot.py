"""A snapshot, whole or damaged: taken up, or refused as one."""

from __future__ import annotations

from pipeline.engine.engine import Engine
from pipeline.engine.snapshot import SnapshotError, dump
from tests.fuzz.targets.engine import SETTINGS, learned

LONGEST = 65_536
WORDS = (
    b"version",
    b"state",
    b"\xc7\x00\x01",
    b"<f8",
    b"|O",
    b"<U9",
    b"\xcf" + b"\xff" * 8,
    b"\xc0",
)


def seeds() -> list[bytes]:
    return [Engine(SETTINGS).snapshot(), learned()[:LONGEST], dump({}), dump({"totals": {}}), b""]


def check(raw: bytes) -> None:
    engine = Engine(SETTINGS)
    try:
        engine.restore(raw)
    except SnapshotError as error:
        assert len(str(error)) < 1000
