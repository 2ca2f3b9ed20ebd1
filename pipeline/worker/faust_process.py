"""Faust as a process: one app, stopped by a signal, quiet about everything but what we say."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable

import faust
import uvloop
from aiokafka.errors import KafkaError
from faust.types import TransportT
from mode.supervisors import CrashingSupervisor

from pipeline.log.base import LogUnavailableError
from pipeline.log.security import faust_security
from pipeline.settings import KafkaSettings
from pipeline.worker.faust_consumer import FaustConsumer
from pipeline.worker.watchdog import end_process

BUFFER = 16_384
"""Records Faust may hold. When it is full, the fetcher sleeps for a whole second, in which a worker
takes some 12,000 records of one event each: with less than that it would run dry."""

STOP_SECONDS = 9.0
"""An end gets this long, draining included. A cluster that does not answer would put it off for
ever."""

SILENT_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"none": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["none"], "level": "CRITICAL"},
}
"""Faust and its companions log tracebacks of what we report in one line ourselves."""


class FaustApp(faust.App):  # type: ignore[misc] # the library is untyped
    """A Faust application that keeps nothing on disk."""

    def _create_directories(self) -> None: ...

    def _new_transport(self) -> TransportT:
        transport = super()._new_transport()
        transport.Consumer = FaustConsumer
        return transport


def make_app(kafka: KafkaSettings) -> FaustApp:
    """Make the app that consumes for a group: it keeps no state and declares no topics."""
    return FaustApp(
        kafka.group,
        broker=[f"kafka://{address}" for address in kafka.bootstrap.split(",")],
        key_serializer="raw",
        value_serializer="raw",
        store="memory://",
        agent_supervisor=CrashingSupervisor,  # any other goes on past what failed
        stream_wait_empty=False,
        stream_buffer_maxsize=BUFFER,
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=1.0,
        broker_session_timeout=kafka.session_timeout_seconds,
        broker_heartbeat_interval=kafka.session_timeout_seconds / 3,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        cython_optimizations=True,  # of the streams: off unless asked for
        worker_redirect_stdouts=False,
        logging_config=SILENT_LOGGING,
        **faust_security(kafka),
    )


class FaustProcess(faust.Worker):  # type: ignore[misc] # the library is untyped
    """Runs an app until SIGTERM or SIGINT, which first let it drain.

    Parameters
    ----------
    app
        The app.
    drain
        Awaited before the app stops: finish what is in hand.
    """

    def __init__(self, app: faust.App, drain: Callable[[], Awaitable[None]]) -> None:
        loop = uvloop.new_event_loop()  # Faust goes round it thrice a record
        asyncio.set_event_loop(loop)
        super().__init__(app, loglevel="CRITICAL", redirect_stdouts=False, quiet=True, loop=loop)
        self.spinner = None  # it turns at each message that any library logs, debugging included
        self._drain = drain

    async def _stop_on_signal(self, number: signal.Signals) -> None:
        self._limit()
        await self._drain()
        await super()._stop_on_signal(number)

    async def on_stop(self) -> None:
        """Stop, by a signal or after a crash, with an end in sight."""
        self._limit()
        await super().on_stop()

    def _limit(self) -> None:
        deadline = threading.Timer(STOP_SECONDS, end_process, ["Kafka does not answer"])
        deadline.daemon = True
        deadline.start()

    def _on_sigint(self) -> None:
        self._on_sigterm()  # the same, without the library's shouting

    def _setproctitle(self, info: str, *, ident: str = "") -> None:
        """Leave the name under which operators know the process."""

    def run(self) -> Exception | None:
        """Return what broke it, or None after a clean stop."""
        try:
            self.execute_from_commandline()  # always ends by raising
        except SystemExit as stopped:
            if stopped.code:
                return self._reason(stopped)
        except Exception as error:  # noqa: BLE001 - told by whoever runs the process
            return error
        return None

    def _reason(self, stopped: SystemExit) -> Exception:
        """Return what broke it: while it worked, or while it was starting."""
        for crash in (self.crash_reason, self.app.crash_reason, stopped.__context__):
            if isinstance(crash, KafkaError):
                return LogUnavailableError(f"Kafka does not answer: {crash!r}")
            if isinstance(crash, Exception):
                return crash
        return RuntimeError("Faust stopped without saying why")
