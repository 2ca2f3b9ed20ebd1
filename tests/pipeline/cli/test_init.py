"""``cogentai init``: from an API key to settings that collect."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.settings import Settings
from tests.pipeline.cli.command import Command, started


@pytest.fixture(scope="module")
def patchworks() -> Iterator[tuple[str, str]]:
    """A stand-in for Patchworks: its address and an API key."""
    with started("patchworks-sim", "--port", 0, "--history", 0.5) as process:
        assert process.stdout is not None
        told = ""
        while "API key" not in told:
            told += (line := process.stdout.readline())
            assert line, process.communicate()[1]
        url, key = told.split("Core API")[1].split()[0], told.split("API key")[1].split()[0]
        yield url, key
        process.terminate()


@pytest.fixture
def init(
    cogentai: Command, patchworks: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    monkeypatch.setenv("PATCHWORKS_URL", patchworks[0])
    monkeypatch.setenv("PATCHWORKS_API_KEY", patchworks[1])
    return cogentai


def test_it_shows_what_the_key_can_see_and_what_it_will_ask(init: Command):
    found = init("init", "--name", "acme", "--timezone", "Europe/London")
    assert found.code == 0
    assert "Orders: Shopify to NetSuite" in found.out
    assert "*/15 * * * *" in found.out
    assert "12 flows" in found.out
    assert "requests a minute. At most 120 are made" in found.out
    assert found.out.rstrip().endswith("cogentai run")


def test_the_settings_it_writes_are_those_that_are_read(init: Command, patchworks):
    assert init("init", "--name", "acme", "--timezone", "Europe/London").code == 0
    company = Settings.load().patchworks["acme"]
    assert (company.url, company.timezone) == (patchworks[0], "Europe/London")
    assert company.api_key is not None
    assert company.api_key.get_secret_value() == patchworks[1]
    assert stat.S_IMODE((init.folder / "cogentai.toml").stat().st_mode) == 0o600


def test_the_key_may_be_kept_in_a_file_of_its_own(init: Command, patchworks, monkeypatch):
    assert init("init", "--name", "acme", "--secrets-dir", "secrets").code == 0
    assert patchworks[1] not in (init.folder / "cogentai.toml").read_text()
    monkeypatch.setenv("COGENTAI_SECRETS_DIR", "secrets")
    api_key = Settings.load().patchworks["acme"].api_key
    assert api_key is not None
    assert api_key.get_secret_value() == patchworks[1]


def test_a_second_company_is_added_to_the_first(init: Command):
    for name in ("acme", "zenith"):
        assert init("init", "--name", name).code == 0
    written = tomllib.loads((init.folder / "cogentai.toml").read_text())
    assert written["patchworks"].keys() == {"acme", "zenith"}
    again = init("init", "--name", "acme")
    assert (again.code, "has a company acme already" in again.err) == (2, True)


def test_a_key_that_is_refused_is_told_in_plain_words_and_nothing_is_written(
    init: Command, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATCHWORKS_API_KEY", "pwk-wr0ng")
    found = init("init", "--name", "acme")
    assert (found.code, "does not let us in" in found.err) == (3, True)
    assert "pwk-wr0ng" not in found.out + found.err
    assert list(init.folder.iterdir()) == []


def test_an_address_of_something_else_is_told(init: Command, patchworks, monkeypatch):
    monkeypatch.setenv("PATCHWORKS_URL", patchworks[0].removesuffix("/api/v1"))
    found = init("init", "--name", "acme")
    assert (found.code, "does it end in /api/v1?" in found.err) == (3, True)


def test_a_name_that_cannot_be_a_setting_is_refused(init: Command):
    found = init("init", "--name", "Acme Ltd.")
    assert (found.code, "small letters" in found.err) == (2, True)


@pytest.mark.parametrize(
    ("settings", "told"), [("x = = 1", "is no TOML"), ("patchworks = 3", "no table of companies")]
)
def test_settings_that_cannot_be_added_to_are_left_alone(
    init: Command, tmp_path: Path, settings: str, told: str
):
    file = tmp_path / "given.toml"
    file.write_text(settings)
    found = init("init", "--name", "acme", "--file", file)
    assert (found.code, told in found.err, file.read_text()) == (2, True, settings)


def test_doctor_finds_what_init_has_made_good(init: Command):
    init("init", "--name", "acme")
    found = init("doctor")
    assert found.code == 0
    assert "patchworks acme: 12 flows, 12 of them enabled" in found.out
    assert "nothing has been collected yet" in found.out


def test_doctor_tells_of_a_key_that_was_revoked_and_a_file_others_may_read(init: Command):
    init("init", "--name", "acme")
    file = init.folder / "cogentai.toml"
    file.write_text(file.read_text().replace("pwk-", "pwk-0"))
    file.chmod(0o644)
    found = init("doctor")
    assert found.code == 1
    assert "patchworks acme: Patchworks does not let us in" in found.out
    assert "chmod 600 cogentai.toml" in " ".join(found.out.split())
