"""The command line, ``cogentai``: each command reads its arguments and calls what does the work."""

from __future__ import annotations

import sys
from tomllib import TOMLDecodeError

from pydantic import ValidationError
from pydantic_settings import SettingsError

from pipeline.cli import (  # noqa: F401 - each registers its command
    alerts,
    annotate,
    backtest,
    collect,
    demo,
    dlq,
    doctor,
    ingest,
    init,
    patchworks_sim,
    replay,
    run,
    topics,
    worker,
)
from pipeline.cli.app import app
from pipeline.cli.console import WRONG_USAGE, complain


def main() -> None:
    """Run ``cogentai``."""
    try:
        app()
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            name = "__".join(str(part) for part in fault["loc"]).upper()
            complain(f"setting COGENTAI_{name}: {fault['msg']}")
    except SettingsError as error:
        complain(f"settings: {error}")  # names the section, and not what it holds
    except TOMLDecodeError as error:
        complain(f"the settings file is no TOML: {error}")
    else:
        return
    sys.exit(WRONG_USAGE)
