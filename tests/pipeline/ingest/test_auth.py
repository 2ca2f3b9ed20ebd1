from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from pipeline.ingest.auth import Authenticator
from pipeline.ingest.problems import UnauthorizedError
from pipeline.settings import IngestSettings
from tests.pipeline.ingest.edge import run, serve

OLD = "whsec_" + b64encode(b"o" * 32).decode()
NEW = "whsec_" + b64encode(b"n" * 32).decode()
BODY = json.dumps(run()).encode()

header = st.text(st.characters(max_codepoint=255), max_size=60)
signature = st.lists(st.sampled_from(["v1", ",", " ", "v1,", "=", "AAAA", "é"]) | header).map(
    "".join
)


def signed(secret: str, body: bytes = BODY, age: timedelta = timedelta(0)) -> dict[str, str]:
    at = datetime.now(UTC) - age
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body.decode()),
    }


async def test_a_known_token_is_let_in_and_others_are_not():
    async with serve(tokens={"shop": "t0ken", "erp": "0ther"}) as edge:
        answers = {
            shown: (await edge.post(run(), authorization=shown)).status_code
            for shown in ("Bearer t0ken", "bearer 0ther", "Bearer t0ke", "Bearer", "Basic t0ken")
        }
        assert list(answers.values()) == [202, 202, 401, 401, 401]
        missing = await edge.post(run())
        assert missing.status_code == 401
        assert missing.headers["www-authenticate"] == "Bearer"
        assert missing.headers["content-type"] == "application/problem+json"
        assert len(edge.log.entries) == 2


async def test_the_sender_is_checked_before_the_body_is_read_into():
    async with serve(tokens={"shop": "t0ken"}) as edge:
        assert (await edge.post(b"not json")).status_code == 401
        assert (await edge.post(b"not json", "text/plain")).status_code == 415


async def test_a_signature_over_the_body_is_let_in():
    async with serve(signing_secrets={"patchworks": OLD}) as edge:
        assert (await edge.post(BODY, **signed(OLD))).status_code == 202


async def test_while_a_secret_changes_both_are_valid():
    async with serve(signing_secrets={"old": OLD, "new": NEW}) as edge:
        assert (await edge.post(BODY, **signed(OLD))).status_code == 202
        assert (await edge.post(BODY, **signed(NEW))).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        signed(NEW),
        signed(OLD, BODY + b" "),
        signed(OLD, age=timedelta(minutes=6)),
        signed(OLD, age=timedelta(hours=-1)),
        {**signed(OLD), "webhook-timestamp": "soon"},
        {**signed(OLD), "webhook-id": "msg_2"},
        {k: v for k, v in signed(OLD).items() if k != "webhook-id"},
    ],
    ids=["other secret", "other body", "old", "early", "no time", "other id", "no id"],
)
async def test_a_signature_that_does_not_fit_is_refused(headers: dict[str, str]):
    async with serve(signing_secrets={"patchworks": OLD}) as edge:
        assert (await edge.post(BODY, **headers)).status_code == 401


async def test_a_sender_may_use_a_token_and_another_a_signature():
    async with serve(tokens={"shop": "t0ken"}, signing_secrets={"patchworks": OLD}) as edge:
        assert (await edge.post(BODY, authorization="Bearer t0ken")).status_code == 202
        assert (await edge.post(BODY, **signed(OLD))).status_code == 202
        assert (await edge.post(BODY)).status_code == 401


@given(id_=header, time=header | st.just("1e999") | st.just("nan"), signature=signature)
def test_hostile_headers_are_refused_and_nothing_else(id_: str, time: str, signature: str):
    guard = Authenticator(IngestSettings(signing_secrets={"patchworks": OLD}))
    now = str(int(datetime.now(UTC).timestamp()))
    for at in (time, now):
        headers = {"webhook-id": id_, "webhook-timestamp": at, "webhook-signature": signature}
        with pytest.raises(UnauthorizedError):
            guard.check(headers, b"{}", "127.0.0.1")


@given(body=st.binary(max_size=20), token=header)
def test_hostile_bodies_and_tokens_are_refused_and_nothing_else(body: bytes, token: str):
    settings = {"tokens": {"shop": "t0ken"}, "signing_secrets": {"patchworks": OLD}}
    guard = Authenticator(IngestSettings(**settings))
    headers: list[dict[str, Any]] = [signed(OLD), {"authorization": f"Bearer {token}x"}]
    for shown in headers:
        with pytest.raises(UnauthorizedError):
            guard.check(shown, body, "127.0.0.1")


@pytest.mark.parametrize(
    ("client", "let_in"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("192.0.2.1", False), ("", False)],
)
def test_without_any_token_only_this_machine_is_let_in(client: str, let_in: bool):  # noqa: FBT001 - a table
    guard = Authenticator(IngestSettings())
    assert guard.open_to_this_machine
    if let_in:
        assert guard.check({}, b"", client) == "local"
    else:
        with pytest.raises(UnauthorizedError, match="same machine"):
            guard.check({}, b"", client)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_é", "whsec_abcde"])
def test_a_signing_secret_that_cannot_be_one_is_named_and_not_repeated(secret: str):
    with pytest.raises(ValueError, match=r"signing_secrets\.patchworks") as caught:
        Authenticator(IngestSettings(signing_secrets={"patchworks": secret}))
    assert secret[6:] not in str(caught.value) or secret == "whsec_"
