from __future__ import annotations

import pytest

from tests.pipeline.cli.command import Command, started

COMMANDS = (
    "run", "demo", "patchworks-sim", "ingest", "worker", "replay", "backtest", "alerts",
    "annotate", "topics", "doctor",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(cogentai: Command, command: str):
    told = cogentai(command, "--help")
    assert told.code == 0
    assert f"cogentai {command}" in told.out


def test_the_whole_explains_itself_and_names_every_command(cogentai: Command):
    told = cogentai("--help")
    assert told.code == 0
    assert all(command in told.out for command in COMMANDS)


def test_it_says_its_version(cogentai: Command):
    told = cogentai("--version")
    assert (told.code, told.out.count(".")) == (0, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("replay",),
        ("replay", "no-such-file.jsonl"),
        ("backtest", "."),
        ("alerts", "--from", "paper"),
        ("replay", __file__, "--to", "paper"),
        ("replay", __file__, "--speed", "-1"),
        ("replay", __file__, "--map", "value"),
        ("replay", __file__, "--map", "runs.started=value"),
        ("backtest", __file__, "--map", "time=a,no.such.field=b"),
        ("backtest", __file__, "--budget", "0"),
        ("patchworks-sim", "--faults", "torn,earthquake"),
    ],
)
def test_wrong_usage_ends_with_2(cogentai: Command, arguments: tuple[str, ...]):
    ended = cogentai(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err
    assert "Traceback" not in ended.err


def test_an_unknown_field_of_a_mapping_is_named(cogentai: Command):
    assert (
        "'no.such.field'" in cogentai("backtest", __file__, "--map", "time=a,no.such.field=b").err
    )


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("ENGINE__WINDOW_SECONDS", "0"),
        ("ENGINE__TIMEZONE", "Mars/Phobos"),
        ("INGEST__PORT", "http"),
        ("JOURNAL__PARTITIONS", "-1"),
        ("KAFKA__NO_SUCH_THING", "1"),
    ],
)
def test_a_wrong_setting_is_named_and_ends_with_2(cogentai: Command, setting: str, value: str):
    ended = cogentai("doctor", **{setting: value})
    assert (ended.code, ended.out) == (2, "")
    assert f"COGENTAI_{setting}" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "settings",
    [
        {"INGEST__TOKENS": "s3cret"},
        {"INGEST__TOKENS": '["s3cret"]'},
        {"INGEST__SIGNING_SECRETS": '{"shop": {"s3cret": 1}}'},
        {"KAFKA__SASL_PASSWORD": "s3cret", "KAFKA__PARTITIONS": "s3cret"},
    ],
)
def test_an_error_about_settings_does_not_say_what_they_hold(cogentai: Command, settings: dict):
    ended = cogentai("doctor", **settings)
    assert ended.code == 2
    assert "s3cret" not in ended.err


def test_a_settings_file_that_is_no_toml_ends_with_2(cogentai: Command):
    (cogentai.folder / "cogentai.toml").write_text("[ingest")
    ended = cogentai("doctor")
    assert (ended.code, "no TOML" in ended.err) == (2, True)


def test_an_unknown_section_of_the_settings_file_is_named(cogentai: Command):
    (cogentai.folder / "cogentai.toml").write_text("[engin]\nwindow_seconds = 60\n")
    ended = cogentai("doctor")
    assert (ended.code, "COGENTAI_ENGIN" in ended.err) == (2, True)


@pytest.mark.parametrize("command", [("alerts",), ("alerts", "--json")])
def test_what_is_missing_ends_with_3(cogentai: Command, command: tuple[str, ...]):
    ended = cogentai(*command)
    assert (ended.code, ended.out) == (3, "")
    assert "journal" in ended.err


@pytest.mark.parametrize("command", [("alerts", "--from", "kafka"), ("ingest",)])
def test_without_a_broker_it_ends_with_3(cogentai: Command, command: tuple[str, ...]):
    ended = cogentai(*command, kafka__bootstrap="127.0.0.1:1")
    assert ended.code == 3
    assert "127.0.0.1" in ended.err
    assert "Traceback" not in ended.err


def test_without_a_broker_there_are_no_topics_to_look_at():
    # In processes of their own: kafka-python leaves sockets open when nothing answers.
    nowhere = {"kafka__bootstrap": "127.0.0.1:1"}
    with (
        started("topics", "apply", "--check", **nowhere) as topics,
        started("doctor", "--kafka", "--json", **nowhere) as doctor,
    ):
        out, err = topics.communicate(timeout=60)
        found, _ = doctor.communicate(timeout=60)
    assert (topics.returncode, out, "Traceback" in err) == (3, "", False)
    assert "127.0.0.1:1" in err
    assert doctor.returncode == 1
    assert '"subject":"kafka","good":false' in found
