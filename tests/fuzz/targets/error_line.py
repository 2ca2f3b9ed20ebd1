"""A line of a log: masked, classified and made a template, with no secret left in it."""

from __future__ import annotations

from detectors.errors.book import read
from detectors.errors.masking import LINE, hide_secrets, masked
from detectors.errors.templates import WORDS as KEPT
from detectors.errors.templates import Templates
from tests.fuzz.seeds import TESTS

SECRET = "5ec2e7c0de"
LONGEST = 65_536
WORDS = (
    b"token=", b"password: ", b"Authorization: Bearer ", b"eyJhbGciOi.eyJzdWIi.x", b"shpat_abcdef",
    b"https://u:p@host/x?key=abcdefgh", b"jane@example.com", b"10.0.0.1:80", b"<SECRET>", b"<NUM>",
    b"2026-03-02T10:00:00Z", b"HTTP 503", b"status 429", b"'Blue shirt'", b'"a": "b"', b"\\",
    b"123e4567-e89b-12d3-a456-426614174000", b"a" * 300, b"9" * 300, b"@", b"://", b"\xe2\x80\xae",
)  # fmt: skip
PLANTS = ("token={}", "password: {}", "Authorization: Bearer {}", '"client_secret": "{}"')


def seeds() -> list[bytes]:
    labelled = (TESTS / "detectors" / "errors" / "labelled.tsv").read_bytes()
    return [line.rpartition(b"\t")[2] for line in labelled.splitlines() if line]


def check(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    line = masked(text)
    assert len(line) <= 2 * LINE + 100
    templates = Templates()
    kind = read(text, len(text), text[:80], text[-80:]).kind
    number = templates.add(kind, line)
    assert templates.add(kind, line) == number
    assert len(templates.text(number).split(" ")) <= KEPT
    again = Templates()
    again.restore(templates.state())
    assert again.add(kind, line) == number
    for plant in PLANTS:
        planted = plant.format(SECRET)
        assert SECRET not in masked(f"{planted} {text}")
        assert SECRET not in hide_secrets(f"{text[:LINE]} {planted}")
