"""A flood against a real server: what it does to memory and to an honest sender.

Starts the whole engine on one machine. Attackers send silence, half heads, heads that dribble in,
half bodies of nearly a megabyte, and requests whose answers they do not read, and come again as
soon as they are cut off. Meanwhile an honest sender posts a batch ten times a second. Ends with 1
if it ever waits two seconds, an answer is neither 202, 429 nor 503, heartbeats stop, or memory
grows by more than the room for requests accounts for.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from tests.e2e.processes import Cogentai, free_port
from tests.pipeline.ingest.edge import BATCH, EVENT, run

MOST_GROWTH_MB = 400.0
"""The room is 64 MiB of bodies; what sockets, parsers and the allocator hold beside it is seen to
stay below five times that."""
MOST_WAIT_SECONDS = 2.0
POST = f"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: {EVENT}\r\n".encode()
ATTACKS: dict[str, bytes] = {
    "silence": b"",
    "half a head": POST,
    "dribbled head": POST + b"x-",
    "half a body": POST + b"content-length: 1048576\r\n\r\n" + b"x" * 1_000_000,
    "answer unread": b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n" * 100,
}

MORE = {"dribbled head": b"a", "answer unread": b"\r\n"}
"""What is sent twice a second, by those who do not read."""


@dataclass
class Flood:
    """What came of a flood."""

    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    attacks: Counter[str] = field(default_factory=Counter)
    grown_mb: float = 0.0
    heartbeats: int = 0

    def wrong(self) -> list[str]:
        """What is not as it should be."""
        found = {
            "an answer that is not documented": bool(self.statuses.keys() - {202, 429, 503}),
            "the honest sender is not let in": self.statuses[202] < 0.9 * len(self.waits),
            "the honest sender waits": max(self.waits) > MOST_WAIT_SECONDS,
            "memory grows": self.grown_mb > MOST_GROWTH_MB,
            "heartbeats stop": self.heartbeats < 2,
        }
        return [what for what, is_so in found.items() if is_so]


async def attack(port: int, kind: str, flood: Flood) -> None:
    """One attacker, until cancelled."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            flood.attacks[kind] += 1
            try:
                writer.write(ATTACKS[kind])
                while not writer.is_closing():
                    if kind in MORE:
                        await asyncio.sleep(0.5)
                        writer.write(MORE[kind])
                    elif not await reader.read(65_536):
                        break
            finally:
                writer.transport.abort()
        await asyncio.sleep(0.05)


async def honest(port: int, flood: Flood) -> None:
    """One honest sender, until cancelled."""
    headers = {"content-type": BATCH}
    async with httpx.AsyncClient(timeout=10, headers=headers) as client:
        while True:
            batch = [run(id=f"{len(flood.waits)}-{i}") for i in range(20)]
            begun = time.monotonic()
            try:
                response = await client.post(f"http://127.0.0.1:{port}/v1/events", json=batch)
                flood.statuses[response.status_code] += 1
            except httpx.TransportError:
                flood.statuses[0] += 1
            flood.waits.append(time.monotonic() - begun)
            await asyncio.sleep(0.1)


def flooded(folder: Path, attackers: int, seconds: float, tell: Callable[[str], None]) -> Flood:
    """Serve, flood for so many seconds, and tell what came of it."""
    port, flood = free_port(), Flood()
    env = {
        "COGENTAI_INGEST__PORT": str(port),
        "COGENTAI_INGEST__HEARTBEAT_SECONDS": "0.5",
        "COGENTAI_INGEST__GRACE_SECONDS": "0",
        "COGENTAI_JOURNAL__PATH": str(folder / "journal.db"),
    }
    with Cogentai(folder, "run", env) as server:
        while httpx_status(port) != 200:
            assert not server.ended(), server.said()
            time.sleep(0.1)
        before, beats = resident_mb(server.pid), _heartbeats(server)
        asyncio.run(_rush(port, flood, attackers, seconds, tell))
        flood.grown_mb = resident_mb(server.pid, "VmHWM") - before
        flood.heartbeats = _heartbeats(server) - beats
    return flood


async def _rush(
    port: int, flood: Flood, attackers: int, seconds: float, tell: Callable[[str], None]
) -> None:
    kinds = list(ATTACKS)
    tasks = [asyncio.create_task(honest(port, flood))]
    tasks += [
        asyncio.create_task(attack(port, kinds[i % len(kinds)], flood)) for i in range(attackers)
    ]
    for second in range(int(seconds)):
        tell(f"{second} of {seconds:g} s, {flood.attacks.total()} attacks")
        await asyncio.sleep(1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def httpx_status(port: int) -> int:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/livez").status_code
    except httpx.TransportError:
        return 0


def resident_mb(pid: int, what: str = "VmRSS") -> float:
    """Resident memory of a process now, or (``VmHWM``) at its most."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(l.split()[1]) for l in status.splitlines() if l.startswith(what)) / 1024


def _heartbeats(server: Cogentai) -> int:
    """Heartbeats that the engine has applied."""
    lines = server.get("/metrics")[1].splitlines()
    found = [line for line in lines if "collector.heartbeat" in line]
    return sum(int(float(line.split()[-1])) for line in found)


def table(flood: Flood) -> Table:
    shown = Table("", "", show_header=False)
    waits = 1e3 * np.quantile(flood.waits, [0.5, 0.99, 1.0])
    for name, figure in {
        "attacks": ", ".join(f"{kind}: {n:,}" for kind, n in flood.attacks.items()),
        "answers to the honest sender": str(dict(flood.statuses)),
        "its waits, ms: p50, p99, most": ", ".join(f"{wait:.0f}" for wait in waits),
        "heartbeats applied": f"{flood.heartbeats}",
        "memory grew at most by": f"{flood.grown_mb:.0f} MB",
    }.items():
        shown.add_row(name, figure)
    return shown


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz.flood",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--attackers", type=int, default=500, help="at once (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="(%(default)s)")
    given = parser.parse_args()
    errors = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder, errors.status("flooding") as status:
        flood = flooded(Path(folder), given.attackers, given.seconds, status.update)
    Console().print(table(flood))
    for what in flood.wrong():
        print(what)
    return 1 if flood.wrong() else 0


if __name__ == "__main__":
    sys.exit(main())
