"""The client of the Core API: one company's credentials, one budget, typed errors.

It talks to the hosts of its settings and to no other: a redirect is an error.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx
import msgspec

from detectors.errors.masking import hide_secrets
from pipeline.collect.budget import Budget
from pipeline.collect.clock import Clock
from pipeline.collect.errors import (
    BadReplyError,
    ClockError,
    DeniedError,
    PatchworksError,
    RefusedError,
    ThrottledError,
    UnreachableError,
)
from pipeline.ingest.redact import MARK, redact_text
from pipeline.settings import CompanySettings

ATTEMPTS = 5
"""Times a request is made before it counts as failed."""

FIRST_WAIT = 1.0
"""Seconds before the second attempt; twice as long before each further one."""

DEADLINE = 60.0
"""Seconds a whole reply may take: a server that drips must not hold the collector up."""

MOST_BYTES = 32 * 1024 * 1024
"""A reply may have: a hundred rows are some 200 KB, and a monstrous row among them can be read."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""The API's clock may be ahead of ours by this much."""


OLD_TOKENS = 8
"""Tokens that are kept out of words even when they are no longer in use."""


class Reply(NamedTuple):
    """A document, and the time of the API when it was made (to the second, rounded down)."""

    document: Any
    at: datetime


class Client:
    """Reads one company's data.

    Parameters
    ----------
    observe
        Told of every attempt: a status, or the name of an error.
    """

    def __init__(
        self,
        company: CompanySettings,
        budget: Budget,
        clock: Clock,
        observe: Callable[[str], None] = lambda _outcome: None,
    ) -> None:
        self.budget = budget
        self._company = company
        self._clock = clock
        self._observe = observe
        self._token: str | None = None
        self._tokens: deque[str] = deque(maxlen=OLD_TOKENS)
        self._http = httpx.AsyncClient(
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            follow_redirects=False,
            timeout=httpx.Timeout(30.0, connect=10.0),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Reply:
        """Read a document.

        Raises
        ------
        PatchworksError
            If there is no good answer in several attempts.
        """
        wait = FIRST_WAIT
        for last in (False,) * (ATTEMPTS - 1) + (True,):
            try:
                return await self._get(path, params)
            except (UnreachableError, ThrottledError, BadReplyError) as error:
                if last:
                    raise
                if not isinstance(error, ThrottledError):  # then the budget knows how long
                    await self._clock.sleep(wait)
                    wait *= 2
            except DeniedError:
                if last or self._token is None:
                    raise
                self._token = None  # a token lasts a day: get another
        raise AssertionError("unreachable")

    async def _get(self, path: str, params: Mapping[str, str | int] | None) -> Reply:
        headers = {"Authorization": await self._authorization()}
        url = f"{self._company.url}{path}"
        request = self._http.build_request("GET", url, params=params, headers=headers)
        return await self._ask(request, path)

    async def _authorization(self) -> str:
        if self._company.api_key is not None:
            return self._company.api_key.get_secret_value()
        if self._token is None:
            self._token = await self._log_in()
        return f"Bearer {self._token}"

    async def _log_in(self) -> str:
        password = self._company.password
        assert password is not None  # the settings have made sure
        body = {"email": self._company.email, "password": password.get_secret_value()}
        request = self._http.build_request("POST", self._company.login_url, json=body)
        try:
            reply = await self._ask(request, "login")
        except RefusedError as error:
            raise DeniedError(f"e-mail or password refused: {error}") from None
        token = reply.document.get("token") if isinstance(reply.document, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise BadReplyError("login: the reply holds no token")
        self._tokens.append(token)
        return token

    async def _ask(self, request: httpx.Request, what: str) -> Reply:
        await self.budget.take()
        outcome = "UnreachableError"
        try:
            async with asyncio.timeout(DEADLINE):
                response, body = await self._send(request, what)
            outcome = str(response.status_code)
            self.budget.heed(response.status_code, response.headers)
            self._check(response, body, what)
            return Reply(_parsed(body, what), self._time(response))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            outcome = "UnreachableError"
            raise UnreachableError(f"{what}: {self._mask(_words(error))}") from None
        except PatchworksError as error:
            outcome = outcome if outcome.isdecimal() and outcome != "200" else type(error).__name__
            raise
        finally:
            self._observe(outcome)

    async def _send(self, request: httpx.Request, what: str) -> tuple[httpx.Response, bytes]:
        response = await self._http.send(request, stream=True)
        try:
            chunks, size = [], 0
            async for chunk in response.aiter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if size > MOST_BYTES:
                    raise BadReplyError(f"{what}: the reply has more than {MOST_BYTES:,} bytes")
        finally:
            await response.aclose()
        return response, b"".join(chunks)

    def _check(self, response: httpx.Response, body: bytes, what: str) -> None:
        status = response.status_code
        if response.is_success:
            return
        if response.is_redirect or 300 <= status < 400:
            raise BadReplyError(f"{what}: answered {status}, a redirect, which is not followed")
        words = f"{what}: answered {status}{self._message(body)}"
        if status in {401, 403}:
            raise DeniedError(words)
        if status == 429:
            raise ThrottledError(words)
        if status >= 500:
            raise UnreachableError(words)
        raise RefusedError(words, status)

    def _message(self, body: bytes) -> str:
        """The short message of a Laravel error, if there is one."""
        try:
            message = msgspec.json.decode(body, type=dict[str, Any]).get("message")
        except (msgspec.MsgspecError, RecursionError):
            return ""
        return f" ({self._mask(message)[:200]})" if isinstance(message, str) and message else ""

    def _mask(self, text: str) -> str:
        """Take every secret out of words that came from outside."""
        for secret in self.secrets():
            text = text.replace(secret, MARK)
        return hide_secrets(redact_text(text))

    def secrets(self) -> list[str]:
        """Return what must never be written down."""
        given = (self._company.api_key, self._company.password)
        known = [secret.get_secret_value() for secret in given if secret is not None]
        return [secret for secret in [*known, *self._tokens] if secret]

    def _time(self, response: httpx.Response) -> datetime:
        """Return the API's time: what it has not done by then, it can only do later."""
        now = self._clock.now()
        try:
            told = parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC)
        except ValueError:
            return now
        if told > now + CLOCKS_DIFFER:
            raise ClockError(
                f"the API's clock says {told:%Y-%m-%d %H:%M:%S}, ours {now:%Y-%m-%d %H:%M:%S} UTC"
            )
        return told


def _parsed(body: bytes, what: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise BadReplyError(f"{what}: the reply is no JSON") from None


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
