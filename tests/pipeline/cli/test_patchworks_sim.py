"""The stand-in for Patchworks as it is started by hand."""

from __future__ import annotations

import re
import signal

import httpx

from tests.pipeline.cli.command import started


def test_it_prints_what_is_needed_to_ask_it_and_stops_cleanly():
    options = ("--port", 0, "--history", 0.2, "--companies", 2, "--faults", "attributes")
    with started("patchworks-sim", *options) as process:
        assert process.stdout is not None
        told = ""
        while "curl" not in told:
            told += (line := process.stdout.readline())
            assert line, process.communicate()[1]
        [url] = re.findall(r"Core API +(\S+)", told)
        keys = re.findall(r"API key +(\S+)", told)
        answers = [httpx.get(f"{url}/flow-runs", headers={"authorization": key}) for key in keys]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["data"] != answers[1].json()["data"]
    assert (process.returncode, errors) == (0, "")
