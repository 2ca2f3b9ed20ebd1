"""The ``Date`` of an answer: what time it is for the stand-in, which need not be ours."""

from __future__ import annotations

from email.utils import format_datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.collect.clock import Clock


class Dated:
    """Puts the stand-in's time on every answer; the server must put none of its own."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app, self._clock = app, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with a date."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = format_datetime(self._clock.now(), usegmt=True).encode()
                message["headers"] = [*message.get("headers", ()), (b"date", told)]
            await send(message)

        await self._app(scope, receive, dated)
