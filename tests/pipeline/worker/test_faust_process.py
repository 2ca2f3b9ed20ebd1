from __future__ import annotations

import subprocess
import sys

from tests.pipeline.cli.command import ROOT

BEGINS = """
from pipeline.settings import KafkaSettings
from pipeline.worker.faust_process import FaustProcess, make_app

async def drain(): ...

broke = FaustProcess(make_app(KafkaSettings(bootstrap="127.0.0.1:1")), drain).run()
print(type(broke).__name__, broke)
"""


def test_one_that_cannot_begin_says_why():
    ended = subprocess.run(
        [sys.executable, "-c", BEGINS], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "LogUnavailableError Kafka does not answer: KafkaConnectionError" in ended.stdout
