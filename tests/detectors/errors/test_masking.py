from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.errors.masking import LINE, hide_secrets, masked

SECRETS = [
    "Authorization: Bearer abc.DEF-123_456",
    "authorization=Basic dXNlcjpwYXNz",
    "https://host/hook?patchworks_signature=s3cr3tvalue&x=1",
    "token shpat_0123456789abcdef was refused",
    "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sflKxwRJSM",
    '{"client_secret": "hunter2hunter2"}',
    "api_key=hunter2hunter2",
    "X-Api-Key: hunter2hunter2",
    "password => 'correcthorse'",
    "access_token:hunter2hunter2;",
    "stripe key sk_live_hunter2hunter2",
    "aws AKIAIOSFODNN7EXAMPLE denied",
    "Cookie: session=hunter2hunter2",
]
VALUES = [
    "abc.DEF", "dXNlcjpwYXNz", "s3cr3tvalue", "0123456789abcdef", "eyJ", "hunter2",
    "correcthorse", "IOSFODNN7",
]  # fmt: skip


@pytest.mark.parametrize("line", SECRETS)
def test_no_secret_survives(line: str) -> None:
    for clean in (masked(line), hide_secrets(line)):
        assert not any(value in clean for value in VALUES)


@pytest.mark.parametrize(
    ("line", "template"),
    [
        ("order 1001 failed", "order <NUM> failed"),
        ("order #1001 failed", "order <NUM> failed"),
        ("record 9f8a6c1e-1b2c-4d5e-8f90-a1b2c3d4e5f6 gone", "record <UUID> gone"),
        ("GET https://a.example/1?token=abcdef&x=1 failed", "GET <URL> failed"),
        ("mail jane.doe@example.co.uk bounced", "mail <EMAIL> bounced"),
        ("at 2026-03-02T10:00:00Z it broke", "at <TIME> it broke"),
        ("at 2026-03-02 10:00:00 it broke", "at <TIME> it broke"),
        ("dial 10.0.0.1:443 refused", "dial <IP> refused"),
        ("item 'Blue shirt' refused", "item '<TEXT>' refused"),
        ("SKU TS-BLK-11 and TS-BLK-12, TS-BLK-13 unknown", "SKU <ID> and <ID> unknown"),
        ("ran 30012 ms, 12MB", "ran <NUM> ms, <NUM>"),
    ],
)
def test_what_varies_becomes_a_mark(line: str, template: str) -> None:
    assert masked(line) == template


@pytest.mark.parametrize(
    "line",
    [
        "cURL error 28: timed out",
        "resulted in a `422 Unprocessable Content` response",
        "503 Service Unavailable",
        "status code 429 from upstream",
        "x509: certificate has expired",
        "required property 'sku' is missing",
        '{"code":"THROTTLED"}',
    ],
)
def test_what_tells_errors_apart_stays(line: str) -> None:
    assert masked(line) == line


def test_the_same_error_of_two_records_is_masked_alike() -> None:
    first = masked("POST https://a.example/1?x=2 failed for ord_81ab after 12.5 s")
    assert masked("POST https://a.example/7?x=9 failed for ord_77cd after 3 s") == first


@given(st.text(max_size=400) | st.text("\"'`=:@/.<> 0a\x00\u202e", max_size=400))
def test_any_line_gives_one_short_printable_line(line: str) -> None:
    clean = masked(line)
    assert clean.isprintable()
    assert clean == clean.strip()
    assert len(clean) <= 3 * LINE
    assert masked(line) == clean


def test_an_empty_secret_does_not_take_the_name_of_the_next_for_its_value():
    assert "hunter22" not in masked("token= password: hunter22")
