"""The log that a command writes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.log.base import EventLog

LogName = Literal["journal", "kafka"]
LogOption = Annotated[LogName, typer.Option("--log", help="The log of the engine.")]


async def open_log(name: LogName, settings: Settings) -> EventLog:
    """Open a log for writing.

    Raises
    ------
    LogUnavailableError
        If it cannot be opened.
    """
    if name == "kafka":
        from pipeline.log.kafka import KafkaLog

        return await KafkaLog.open(settings.kafka)
    from pipeline.log.journal import Journal

    return await Journal.open(settings.journal)
