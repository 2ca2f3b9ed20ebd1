"""A settings file: taken, or refused in words that hold none of its secrets."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from tomllib import TOMLDecodeError

from pydantic import ValidationError
from pydantic_settings import SettingsError

from pipeline.settings import Settings

SECRET = "5ec2e7c0de"
WORDS = (
    b"[engine]\n", b"[ingest.tokens]\n", b"[[engine.detectors]]\n", b"window_seconds = 60\n",
    b'timezone = "Europe/London"\n', b'timezone = "/etc/passwd"\n', b"timezones = {}\n", b"nan",
    b"inf", b"-1", b"1e999", b"1979-05-27T07:32:00Z", b'"""', b"'''", b"= [", b"= {", b"\n",
    b'model = "river.anomaly.HalfSpaceTrees"\n', b'model = "river.utils.Rolling"\n', b"[kafka]\n",
    b"params = {}\n", b'metric = "m"\n', b"[a]\n", b"x.y.z = 1\n", b"\xff", b"0x7fffffffffffffff",
)  # fmt: skip
GOOD = f"""\
[engine]
window_seconds = 60
lateness_seconds = 0
alerts_per_flow_week = 0.5
timezone = "Europe/London"
timezones = {{acme = "Europe/Berlin"}}
[[engine.detectors]]
metric = "basket"
model = "river.anomaly.GaussianScorer"
params = {{window_size = 100}}
[ingest]
port = 8080
max_body_bytes = 1_000_000
requests_per_second = 50.0
[ingest.tokens]
shop = "{SECRET}"
[kafka]
bootstrap = "localhost:9092"
sasl_password = "{SECRET}"
partitions = 12
[journal]
path = "journal.db"
retention_hours = 24
[metrics]
port = 9464
"""


def seeds() -> list[bytes]:
    sections = GOOD.replace("\n[", "\n\0[").split("\0")
    return [GOOD.encode(), b"", *(section.encode() for section in sections)]


def check(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cogentai.toml"
        path.write_bytes(raw)
        os.environ["COGENTAI_CONFIG"] = str(path)
        try:
            said = repr(Settings.load())
        except ValidationError as error:
            # where a fault stands is a name in the file, and no secret
            said = str([fault["msg"] for fault in error.errors(include_input=False)])
        except (SettingsError, TOMLDecodeError) as error:
            said = str(error)
        finally:
            del os.environ["COGENTAI_CONFIG"]
    assert SECRET not in said
