"""Secrets, planted wherever one may stand, are nowhere in what the collector writes."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pipeline.cli.service import configure_logging
from pipeline.collect.metrics import CollectMetrics
from pipeline.collect.place import Places
from pipeline.collect.service import collect
from pipeline.engine.engine import Engine
from pipeline.ingest.server import serving
from pipeline.outputs.encode import encode
from pipeline.settings import CompanySettings, EngineSettings, IngestSettings
from tests.make import batch_of
from tests.pipeline.collect.patchworks import MemoryLog, SleptClock

ANYWHERE = ["s1gnature", "b4sic", "cl13nt"]
"""Secrets of others, known by the words around them; the company's own are known as they are."""
WORDS = (
    "POST https://webhooks.example/api/v1/acme/01h?patchworks_signature=s1gnature failed with key "
    'k3y-of-acme, token t0ken-of-acme, and p4ssw0rd, "client_secret": "cl13nt", '
    "Authorization: Basic b4sic"
)
RUN = {"flow_id": 3, "started_at": "2026-03-03 12:00:01", "finished_at": "2026-03-03 12:00:02"}


class EnoughError(BaseException):
    """What ends a service that nothing ends."""


class ShortClock(SleptClock):
    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if self.seconds() > 120:
            raise EnoughError


def leaky(path: str) -> tuple[dict, int]:
    """Answers in which everything tells."""
    rows = [
        RUN | {"id": 1, "status": 3, "summary": WORDS, "patchworks_signature": "s1gnature"},
        RUN | {"id": 2, "status": WORDS},
        {"id": WORDS},
        RUN | {"id": 4, "status": 2, "error_warning_logs": [{"id": 1, "log_message": WORDS}]},
    ]
    if path.endswith("/login"):
        return {"token": "t0ken-of-acme"}, 200
    if path.endswith("/flows"):
        return {"message": WORDS}, 500
    return {"data": rows if path.endswith("/flow-runs") else []}, 200


@pytest.mark.parametrize("by_key", [True, False])
async def test_secrets_are_nowhere_to_be_found(by_key, tmp_path: Path, capfd):
    clock, polls = ShortClock(), 0

    async def respond(request: Request) -> JSONResponse:
        nonlocal polls
        polls += request.url.path.endswith("/scheduled-flows")
        if polls == 3:
            return JSONResponse({"message": WORDS}, 403)
        date = clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        return JSONResponse(*leaky(request.url.path), headers={"date": date})

    configure_logging()
    registry, log = CollectorRegistry(), MemoryLog()
    login = {"email": "ops@acme.example", "password": SecretStr("p4ssw0rd")}
    told = {"api_key": SecretStr("k3y-of-acme")} if by_key else login
    places = Places.open(tmp_path / "collect.db")
    app = Starlette(routes=[Route("/{path:path}", respond, methods=["GET", "POST"])])
    async with serving(app, "127.0.0.1", 0, dates=False) as url:
        company = CompanySettings(url=url, login_url=f"{url}/login", backfill_days=0.01, **told)

        with pytest.raises(BaseExceptionGroup):
            await collect(
                {"acme": company},
                log,
                places,
                CollectMetrics(registry),
                limits=IngestSettings(),
                clock=clock,
            )
    places.close()
    structlog.reset_defaults()
    engine = Engine(EngineSettings())
    outputs = []
    for entry in log.entries:
        outputs += encode(
            engine.apply(batch_of(b"[" + entry.value + b"]")), topic="journal", partition=0
        )
    said = capfd.readouterr()
    written = {
        "events": b"".join(entry.value for entry in log.entries),
        "outputs": b"".join((one.value or b"") + repr(one.headers).encode() for one in outputs),
        "place": (tmp_path / "collect.db").read_bytes(),
        "metrics": generate_latest(registry),
        "said": (said.out + said.err).encode(),
    }
    assert b"failed with key" in written["events"]
    assert b"poll failed" in written["said"]
    assert {"dead.missing"} <= engine.totals.keys()
    found = {
        (place, secret)
        for place, text in written.items()
        for secret in [*ANYWHERE, *(["k3y-of-acme"] if by_key else ["p4ssw0rd", "t0ken-of-acme"])]
        if secret.encode() in text
    }
    assert not found
