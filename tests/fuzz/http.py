"""Generated requests against a real server, held to what its OpenAPI document says.

Starts the whole engine on one machine (edge, journal, worker, health) and sends so many generated
cases to every endpoint: half of what the document allows, half of what it does not. Ends with 1 if
an answer is not documented. See a case again with: python -m tests.fuzz.http --seed SEED
"""

from __future__ import annotations

import argparse
import base64
import hmac
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

from schemas.openapi import health
from tests.e2e.processes import Cogentai, free_port

TOKEN = "t0ken"
SHOP, SECRET = "shop", "s3cret"
load_all_checks()
NOT_ASKED = CHECKS.get_by_names(["positive_data_acceptance"])
"""What a JSON Schema allows may break a rule that none can express, such as 1.0 for a count."""
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)

values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40).map(str.strip)
shown = st.sampled_from([f"Bearer {TOKEN}"] * 8 + ["Bearer other", "Basic x", "", "Bearer"])
extra_headers = st.fixed_dictionaries(
    {"authorization": shown},
    optional={
        "accept": values,
        "accept-encoding": st.sampled_from(["gzip", "identity", "br;q=nan", "*"]),
        "webhook-signature": values,
        "x-forwarded-for": values,
        "range": values,
        "expect": st.just("100-continue"),
    },
)
extra_query = st.dictionaries(values.filter(bool), values, max_size=3)


Signature = Callable[[requests.PreparedRequest], requests.PreparedRequest]


def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Let a webhook come from the shop that is known, whatever it holds."""
    url, webhooks = re.subn(r"(?<=/v1/webhooks/shopify/)[^?]*", SHOP, str(request.url))
    if webhooks:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        mac = base64.b64encode(hmac.digest(SECRET.encode(), content, "sha256"))
        request.url, request.headers["x-shopify-hmac-sha256"] = url, mac.decode()
    return request


signatures = st.sampled_from([sign] * 7 + [None])


@dataclass
class Endpoint:
    """An operation of a document, at the server that has it, and what it answered."""

    operation: APIOperation
    url: str
    statuses: Counter[int] = field(default_factory=Counter)
    undocumented: list[str] = field(default_factory=list)

    def attack(self, cases: int, chance: int, progress: Callable[[], None]) -> None:
        """Send generated cases, half of them as documented."""
        with requests.Session() as session:
            for mode in MODES:
                self._attack(session, mode, cases // len(MODES), chance, progress)

    def _attack(
        self,
        session: requests.Session,
        mode: GenerationMode,
        cases: int,
        chance: int,
        progress: Callable[[], None],
    ) -> None:
        known = bool(self.operation.body) or mode is GenerationMode.POSITIVE
        made = self.operation.as_strategy(mode if known else GenerationMode.POSITIVE)

        @seed(chance)
        @settings(
            max_examples=cases,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(made, extra_headers, extra_query, signatures)
        def send(
            case: Case, headers: dict[str, str], query: dict[str, str], signature: Signature | None
        ) -> None:
            auth = signature if mode is GenerationMode.POSITIVE else None
            self._send(session, case, headers=headers, params=query, auth=auth)
            progress()

        send()

    def _send(self, session: requests.Session, case: Case, **more: Any) -> None:
        try:
            response = case.call(self.url, session=session, timeout=10, **more)
        except requests.RequestException as error:
            self.statuses[0] += 1
            self.undocumented.append(f"no answer: {error!r}")
            return
        self.statuses[response.status_code] += 1
        try:
            case.validate_response(response, excluded_checks=NOT_ASKED)
        except FailureGroup as failure:
            self.undocumented.append(str(failure))


@contextmanager
def endpoints(folder: Path) -> Iterator[list[Endpoint]]:
    """Serve everything; give what can be asked."""
    port = free_port()
    env = {
        "COGENTAI_INGEST__PORT": str(port),
        "COGENTAI_INGEST__TOKENS": f'{{"shop": "{TOKEN}"}}',
        "COGENTAI_INGEST__SHOPIFY": f'{{"{SHOP}": {{"tenant": "acme", "secret": "{SECRET}"}}}}',
        "COGENTAI_INGEST__REQUESTS_PER_SECOND": "1000000",
        "COGENTAI_JOURNAL__PATH": str(folder / "journal.db"),
    }
    with Cogentai(folder, "run", env) as server:
        while not server.ready():
            assert not server.ended(), server.said()
            time.sleep(0.1)
        edge, other = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{server.port}"
        documents = {
            edge: schemathesis.openapi.from_dict(_served(f"{edge}/openapi.json")),
            other: schemathesis.openapi.from_dict(health()),
        }
        yield [
            Endpoint(found.ok(), url)
            for url, document in documents.items()
            for found in document.get_all_operations()
        ]
        assert not server.ended(), "the server is gone"
        assert server.ready()


def _served(url: str) -> dict[str, Any]:
    """The document that a server hands out, as soon as it does."""
    for _ in range(100):
        with suppress(requests.ConnectionError):
            document: dict[str, Any] = requests.get(url, timeout=10).json()
            return document
        time.sleep(0.1)
    raise AssertionError(f"nobody serves {url}")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz.http",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cases", type=int, default=1000, help="an endpoint (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of chance (%(default)s)")
    given_ = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        endpoints(Path(folder)) as asked,
        Progress(console=Console(stderr=True)) as bar,
    ):
        for endpoint in asked:
            task = bar.add_task(endpoint.operation.label, total=given_.cases)
            endpoint.attack(given_.cases, given_.seed, lambda task=task: bar.advance(task))
    Console().print(table(asked))
    for endpoint in asked:
        for story in endpoint.undocumented[:3]:
            print(f"{endpoint.operation.label}: {story}\n")
    return 1 if any(endpoint.undocumented for endpoint in asked) else 0


def table(asked: list[Endpoint]) -> Table:
    shown_ = Table("endpoint", "cases", "answers", "not as documented")
    for one in asked:
        answers = ", ".join(f"{status}: {n:,}" for status, n in sorted(one.statuses.items()))
        cases, undocumented = f"{one.statuses.total():,}", f"{len(one.undocumented):,}"
        shown_.add_row(one.operation.label, cases, answers, undocumented)
    return shown_


if __name__ == "__main__":
    sys.exit(main())
