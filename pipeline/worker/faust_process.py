"""Faust, made to behave in a process of ours: its settings, its end, and nothing else it does.

It would write to the screen, make folders, rename the process and set up logging; none of that
happens here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import faust
from mode.supervisors import CrashingSupervisor

from pipeline.log.connection import connection
from pipeline.settings import KafkaSettings

BUFFER = 16_384
"""Records Faust may hold. When it is full, the fetcher sleeps for a whole second, in which a worker
takes some 12,000 records of one event each: with less than that it would run dry."""


class FaustApp(faust.App):  # type: ignore[misc]
    """A Faust application that keeps nothing on disk."""

    def _create_directories(self) -> None: ...


class FaustProcess(faust.Worker):  # type: ignore[misc]
    """Runs an application until SIGTERM, SIGINT or a failure.

    Parameters
    ----------
    app
        What to run.
    drain
        Awaited before the application stops, while it is still a member of its group.
    """

    def __init__(self, app: faust.App, drain: Callable[[], Awaitable[None]]) -> None:
        super().__init__(app, quiet=True, override_logging=False, redirect_stdouts=False)
        self._drain = drain
        self.spinner = None

    async def on_stop(self) -> None:
        """Drain first."""
        await self._drain()
        await super().on_stop()

    def run(self) -> Exception | None:
        """Work until stopped; return what broke it, or None after a clean stop."""
        try:
            self.execute_from_commandline()
        except SystemExit as end:
            broken = self.crash_reason or end.__context__
            return broken if end.code and isinstance(broken, Exception) else None

    def _setproctitle(self, info: str, **_: Any) -> None: ...


def make_app(kafka: KafkaSettings) -> FaustApp:
    """Return an application that consumes raw records in the group that the settings name.

    It runs no web server, creates no topic, keeps no table, and crashes rather than skips: what a
    failed agent has not acknowledged is delivered again after a restart.
    """
    return FaustApp(
        kafka.group,
        broker=[f"kafka://{address}" for address in kafka.bootstrap.split(",")],
        broker_credentials=credentials(kafka),
        broker_commit_interval=1.0,
        broker_session_timeout=kafka.session_timeout_seconds,
        broker_heartbeat_interval=kafka.session_timeout_seconds / 3,
        consumer_auto_offset_reset="earliest",
        key_serializer="raw",
        value_serializer="raw",
        store="memory://",
        agent_supervisor=CrashingSupervisor,
        stream_buffer_maxsize=BUFFER,
        stream_wait_empty=False,
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
    )


def credentials(kafka: KafkaSettings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """Return what Faust needs to prove who it is, None where nothing is asked for.

    Examples
    --------
    >>> credentials(KafkaSettings(security_protocol="SASL_PLAINTEXT", sasl_username="engine"))
    <SASLCredentials: username=engine>
    """
    arguments = connection(kafka)
    context = arguments.get("ssl_context")
    if "sasl_mechanism" not in arguments:
        return None if context is None else faust.SSLCredentials(context)
    return faust.SASLCredentials(
        mechanism=arguments["sasl_mechanism"],
        username=arguments["sasl_plain_username"],
        password=arguments["sasl_plain_password"],
        ssl_context=context,
    )
