"""``cogentai dlq``: what was put aside, why, and sending it again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from pipeline.cli.app import app
from pipeline.cli.console import (
    ENVIRONMENT_MISSING,
    FOUND_TROUBLE,
    WRONG_USAGE,
    console,
    errors,
    give_up,
    print_json,
)
from pipeline.cli.log import LogName, LogOption, open_log
from pipeline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from pipeline.log.base import Entry
    from pipeline.outputs.dead_letters import Buried

T = TypeVar("T")

AT_ONCE = 500
"""Events that are written together."""
SHOWN_BYTES = 4_000

dlq = typer.Typer(help="Dead letters: input that could not be applied, list, show and replay it.")
app.add_typer(dlq, name="dlq")

ReasonOption = Annotated[
    str | None, typer.Option("--reason", help="Only those of a reason, such as missing.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per dead letter.")]


@dlq.command("list")
def list_(
    *,
    log: LogOption = "journal",
    reason: ReasonOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Show the newest so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List dead letters, and count them by reason. The newest come last."""
    letters = _read(log, lambda one: reason in {None, one.reason})
    if as_json:
        for one in letters:
            print_json(_told(one))
        return
    table = Table("Id", "Put aside (UTC)", "Reason", "Key", "Detail", box=None, pad_edge=False)
    for one in letters[-limit:]:
        detail = _masked(one.detail)
        cells = (f"{one.at:%Y-%m-%d %H:%M:%S}", one.reason, one.whose, detail[:120])
        table.add_row(one.id, *map(escape, cells))
    console.print(table)
    counts = Counter(one.reason for one in letters).most_common()
    words = ", ".join(f"{number:,} {name}" for name, number in counts)
    console.print(f"\n{len(letters):,} dead letters" + (f": {escape(words)}" if words else ""))


@dlq.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As in the list.")],
    *,
    log: LogOption = "journal",
    as_json: JsonOption = False,
) -> None:
    """Show one dead letter in full: where it lay, why it is dead, and its bytes.

    Secrets are masked, as everywhere.
    """
    letters = _read(log, lambda one: one.id == id_)
    if not letters:
        give_up(f"there is no dead letter {id_}: see cogentai dlq list", FOUND_TROUBLE)
    for one in letters[-1:]:
        told = _told(one)
        if as_json:
            print_json(told)
            return
        for name, value in told.items():
            console.print(f"[bold]{name:<10}[/] {escape(str(value))}", soft_wrap=True)


@dlq.command()
def replay(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]…", help="As in the list.")
    ] = None,
    *,
    log: LogOption = "journal",
    reason: ReasonOption = None,
    everything: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
) -> None:
    """Send dead letters again, through the same checks as at the edge.

    Do so after the cause is gone: the settings were too tight, or an engine did not know a type of
    event. Events keep their ids, so what is sent twice counts once. What breaks its contract still
    is refused again, and stays where it is; so do the letters of what was sent.
    """
    if not (ids or reason or everything):
        give_up("say which: ids, --reason or --all", WRONG_USAGE)
    wanted = set(ids or ())
    letters = _read(
        log, lambda one: (not wanted or one.id in wanted) and reason in {None, one.reason}
    )
    if missing := wanted - {one.id for one in letters}:
        give_up(f"there is no dead letter {', '.join(sorted(missing))}", FOUND_TROUBLE)
    entries, refused = _admitted(letters)
    if not dry_run:
        _run(_append(log, entries))
    did = "would be sent again" if dry_run else "were sent again"
    console.print(f"{len(entries):,} events of {len(letters):,} dead letters {did}.")
    for words, number in Counter(refused).most_common():
        console.print(f"  {number:,} refused as before: {escape(words)}")
    if refused:
        raise typer.Exit(FOUND_TROUBLE)


def _read(log: LogName, wanted: Callable[[Buried], bool]) -> list[Buried]:
    from pipeline.log.browse import browse_outputs
    from pipeline.outputs.dead_letters import exhumed

    async def read() -> list[Buried]:
        found = browse_outputs(log, Settings.load(), "dead-letters")
        return [one async for at, output in found if wanted(one := exhumed(output, at))]

    with errors.status("Reading dead letters"):
        return sorted(_run(read()), key=lambda one: one.at)


def _admitted(letters: Iterable[Buried]) -> tuple[list[Entry], list[str]]:
    """Hold what letters contain to the contract; return what is good, and why the rest is not."""
    from pipeline.ingest.admission import admit
    from pipeline.ingest.problems import RefusedError
    from schemas.errors import ContractError

    limits, now = Settings.load().ingest, datetime.now(UTC)
    entries: list[Entry] = []
    refused: list[str] = []
    for one in letters:
        try:
            for raw in one.originals():
                entries += admit([raw], limits, now)
        except RefusedError as error:
            refused.append(error.detail)
        except ContractError as error:
            refused.append(str(error))
    return entries, refused


async def _append(name: LogName, entries: list[Entry]) -> None:
    log = await open_log(name, Settings.load())
    try:
        starts = range(0, len(entries), AT_ONCE)
        for start in track(starts, "sending", console=errors, transient=True):
            await log.append(entries[start : start + AT_ONCE])
    finally:
        await log.aclose()


def _told(one: Buried) -> dict[str, object]:
    value = _masked((one.value or b"").decode("utf-8", "backslashreplace"))
    return {
        "id": one.id,
        "at": one.at.isoformat(timespec="seconds"),
        "reason": one.reason,
        "detail": _masked(one.detail),
        "key": one.whose,
        "headers": {n: _masked(v.decode("utf-8", "backslashreplace")) for n, v in one.headers},
        "bytes": len(one.value or b""),
        "value": value[:SHOWN_BYTES] + "…" * (len(value) > SHOWN_BYTES),
    }


def _masked(text: str) -> str:
    from detectors.errors.masking import hide_secrets
    from pipeline.ingest.redact import redact_text

    return redact_text(hide_secrets(text))


def _run(work: Coroutine[None, None, T]) -> T:
    from pipeline.log.base import LogUnavailableError

    try:
        return asyncio.run(work)
    except LogUnavailableError as error:
        give_up(str(error), ENVIRONMENT_MISSING)
