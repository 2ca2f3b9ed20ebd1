from __future__ import annotations

import subprocess
import sys

from tests.pipeline.cli.command import ROOT

PROCESS = """
import logging
from pipeline.settings import KafkaSettings
from pipeline.worker.faust_process import FaustProcess, make_app

async def drain(): ...

process = FaustProcess(make_app(KafkaSettings(bootstrap="127.0.0.1:1")), drain)
"""
BEGINS = """
broke = process.run()
print(type(broke).__name__, broke)
"""
LOGS = """
process._setup_logging()
print(logging.getLogger("aiokafka").isEnabledFor(logging.DEBUG))
"""


def printed(by: str) -> str:
    """Run some lines about a process in an interpreter of their own."""
    ran = subprocess.run(
        [sys.executable, "-c", PROCESS + by], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return ran.stdout


def test_libraries_make_no_messages_for_debugging():
    assert printed(LOGS) == "False\n"


def test_one_that_cannot_begin_says_why():
    assert "LogUnavailableError Kafka does not answer: KafkaConnectionError" in printed(BEGINS)
