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

LOGS = """
import logging
from pipeline.settings import KafkaSettings
from pipeline.worker.faust_process import FaustProcess, make_app

async def drain(): ...

FaustProcess(make_app(KafkaSettings()), drain)._setup_logging()
print(logging.getLogger("aiokafka").isEnabledFor(logging.DEBUG))
"""


def test_libraries_make_no_messages_for_debugging():
    ran = subprocess.run(
        [sys.executable, "-c", LOGS], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert ran.stdout == "False\n"


def test_one_that_cannot_begin_says_why():
    ended = subprocess.run(
        [sys.executable, "-c", BEGINS], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "LogUnavailableError Kafka does not answer: KafkaConnectionError" in ended.stdout
