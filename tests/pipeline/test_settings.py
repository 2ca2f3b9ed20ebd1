from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError

from pipeline.settings import EngineSettings, Settings

Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: Patch) -> Path:
    """An empty folder to be in, and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("COGENTAI_")]:
        monkeypatch.delenv(name)
    return tmp_path


def faults(error: pytest.ExceptionInfo[ValidationError]) -> list[str]:
    return [".".join(map(str, fault["loc"])) for fault in error.value.errors()]


def test_without_any_the_defaults_hold():
    settings = Settings.load()
    assert settings.engine == EngineSettings()
    assert settings.ingest.host == "127.0.0.1"
    assert settings.ingest.tokens == {}


def test_the_environment_sets_what_it_names(monkeypatch: Patch):
    monkeypatch.setenv("COGENTAI_KAFKA__BOOTSTRAP", "broker:9092")
    monkeypatch.setenv("COGENTAI_INGEST__TOKENS__SHOP", "s3cret")
    monkeypatch.setenv("COGENTAI_ENGINE__TIMEZONES", '{"acme": "Europe/London"}')
    settings = Settings.load()
    assert settings.kafka.bootstrap == "broker:9092"
    assert settings.ingest.tokens["shop"].get_secret_value() == "s3cret"
    assert settings.engine.timezones == {"acme": "Europe/London"}


def test_other_variables_of_the_same_prefix_do_no_harm(monkeypatch: Patch):
    monkeypatch.setenv("COGENTAI_TEST_KAFKA", "broker:9092")
    assert Settings.load() == Settings()


def test_a_file_in_the_folder_is_read(folder: Path):
    (folder / "cogentai.toml").write_text('[ingest]\nport = 9000\n[ingest.tokens]\nshop = "t"\n')
    settings = Settings.load()
    assert settings.ingest.port == 9000
    assert settings.ingest.tokens["shop"].get_secret_value() == "t"


def test_a_file_elsewhere_is_named(folder: Path, monkeypatch: Patch):
    (folder / "other.toml").write_text("[ingest]\nport = 9001\n")
    monkeypatch.setenv("COGENTAI_CONFIG", "other.toml")
    assert Settings.load().ingest.port == 9001


def test_a_file_that_was_named_must_be_there(monkeypatch: Patch):
    monkeypatch.setenv("COGENTAI_CONFIG", "other.toml")
    with pytest.raises(SettingsError, match=r"other\.toml"):
        Settings.load()


def test_a_secret_comes_from_a_file_of_its_own(folder: Path, monkeypatch: Patch):
    mounted = folder / "..2026_03_02"  # as Kubernetes mounts a secret
    mounted.mkdir()
    (mounted / "ingest__tokens__shop").write_text("s3cret\n")
    (folder / "..data").symlink_to(mounted)
    (folder / "ingest__tokens__shop").symlink_to("..data/ingest__tokens__shop")
    monkeypatch.setenv("COGENTAI_SECRETS_DIR", str(folder))
    assert Settings.load().ingest.tokens["shop"].get_secret_value() == "s3cret"


def test_a_folder_of_secrets_that_was_named_must_be_there(monkeypatch: Patch):
    monkeypatch.setenv("COGENTAI_SECRETS_DIR", "nowhere")
    with pytest.raises(SettingsError, match="nowhere"):
        Settings.load()


def test_the_environment_goes_before_secrets_and_those_before_the_file(
    folder: Path, monkeypatch: Patch
):
    (folder / "secrets").mkdir()
    for number, name in enumerate(("events_topic", "group", "bootstrap")):
        for source in ("toml", "secret", "environment")[: number + 1]:
            if source == "toml":
                with (folder / "cogentai.toml").open("a") as file:
                    file.write(f'{"" if number else "[kafka]"}\n{name} = "toml"\n')
            elif source == "secret":
                (folder / "secrets" / f"kafka__{name}").write_text(source)
            else:
                monkeypatch.setenv(f"COGENTAI_KAFKA__{name.upper()}", source)
    monkeypatch.setenv("COGENTAI_SECRETS_DIR", "secrets")
    kafka = Settings.load().kafka
    assert (kafka.events_topic, kafka.group, kafka.bootstrap) == ("toml", "secret", "environment")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[engine]\nwindow_secs = 60\n", "engine.window_secs"),
        ("[engin]\nwindow_seconds = 60\n", "engin"),
        ("window_seconds = 60\n", "window_seconds"),
    ],
)
def test_an_unknown_name_in_the_file_is_refused(folder: Path, text: str, name: str):
    (folder / "cogentai.toml").write_text(text)
    with pytest.raises(ValidationError) as refused:
        Settings.load()
    assert faults(refused) == [name]


def test_an_unknown_name_of_a_section_in_the_environment_is_refused(monkeypatch: Patch):
    monkeypatch.setenv("COGENTAI_ENGINE__WINDOW_SECS", "60")
    with pytest.raises(ValidationError) as refused:
        Settings.load()
    assert faults(refused) == ["engine.window_secs"]


@pytest.mark.parametrize("zone", ["Mars/Phobos", "", "../etc/passwd", "/etc/passwd", "Europe"])
def test_a_time_zone_must_exist(zone: str):
    for setting in ({"timezone": zone}, {"timezones": {"acme": zone}}):
        with pytest.raises(ValidationError, match="must be the name of a time zone"):
            EngineSettings.model_validate(setting)


def test_no_secret_is_shown(monkeypatch: Patch):
    monkeypatch.setenv("COGENTAI_INGEST__TOKENS__SHOP", "s3cret")
    monkeypatch.setenv("COGENTAI_KAFKA__SASL_PASSWORD", "s3cret")
    settings = Settings.load()
    assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('model = "os.path.join"', "model"),
        ('model = "river.anomaly.NoSuchModel"', "model"),
        ('model = "river.linear_model.LinearRegression"', "model"),
        ('model = "river.anomaly.HalfSpaceTrees"\nparams = {trees = 3}', "params"),
    ],
)
def test_an_extra_detector_that_cannot_be_built_is_named(folder: Path, lines: str, fault: str):
    text = f'[[engine.detectors]]\nmetric = "queue_depth"\n{lines}\n'
    (folder / "cogentai.toml").write_text(text)
    with pytest.raises(ValidationError) as refused:
        Settings.load()
    assert faults(refused) == [f"engine.detectors.0.{fault}"]


def test_a_settings_file_that_is_no_text_is_named(tmp_path, monkeypatch):
    file = tmp_path / "own.toml"
    file.write_bytes(b"\xff")
    monkeypatch.setenv("COGENTAI_CONFIG", str(file))
    with pytest.raises(SettingsError, match="UTF-8"):
        Settings.load()


def test_an_edge_into_which_no_large_body_fits_is_refused(monkeypatch: Patch):
    monkeypatch.setenv("COGENTAI_INGEST__MAX_IN_FLIGHT_BYTES", "1000")
    with pytest.raises(ValidationError, match="max_in_flight_bytes is below max_body_bytes"):
        Settings.load()
