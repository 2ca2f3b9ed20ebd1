"""A sender that posts minute after minute, and the same again until it is answered with 202."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import msgspec

from tests.e2e.retail import Minute

_BATCH = {"content-type": "application/cloudevents-batch+json"}


class Sender:
    """Sends the same minutes to one edge after another; ``waiting`` is what is not acknowledged."""

    def __init__(self, minutes: Sequence[Minute]) -> None:
        self.waiting = list(minutes)

    async def send(self, port: int) -> list[str]:
        """Send what is waiting, until all of it is answered or the edge is gone.

        Returns what the sender saw of each request: a status, or ``no answer``.
        """
        seen: list[str] = []
        async with httpx.AsyncClient(headers=_BATCH, timeout=20) as client:
            while self.waiting:
                body = b"[" + b",".join(entry.value for entry in self.waiting[0]) + b"]"
                try:
                    answer = await client.post(f"http://127.0.0.1:{port}/v1/events", content=body)
                except httpx.TransportError:
                    return [*seen, "no answer"]
                seen.append(str(answer.status_code))
                if answer.is_success:
                    self.waiting.pop(0)
        return seen


def ids_of(minute: Minute) -> set[str]:
    """The ids of a minute's events."""
    return {msgspec.json.decode(entry.value)["id"] for entry in minute}
