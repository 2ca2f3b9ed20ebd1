"""A Patchworks for some companies: who may come in, how often, and what it truly did."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pipeline.collect.clock import Clock
from pipeline.patchworks_sim.company import Company
from pipeline.patchworks_sim.faults import Faults
from pipeline.patchworks_sim.objects import RUNNING
from pipeline.patchworks_sim.query import RefusedError

TOKEN_LIFE = timedelta(hours=24)


class Seen(NamedTuple):
    """A state a run came into, and when, in epoch milliseconds."""

    run_id: int
    flow_id: int
    status: int
    at: int


@dataclass(slots=True)
class StandIn:
    """A Patchworks for some companies, at the time its clock tells, with its faults."""

    clock: Clock
    companies: Sequence[Company]
    faults: Faults = field(default_factory=Faults)
    _tokens: dict[str, tuple[Company, datetime]] = field(default_factory=dict)

    def log_in(self, email: object, password: object) -> str:
        """Return a token for the user of a company.

        Raises
        ------
        RefusedError
            401, if there is no such user.
        """
        for company in self.companies:
            if (email, password) == (company.email, company.password):
                token = secrets.token_urlsafe(32)
                self._tokens[token] = company, self.clock.now() + TOKEN_LIFE
                return token
        raise RefusedError(401, "These credentials do not match our records.")

    def admit(self, authorization: str) -> Company:
        """Return whose API key or token it is.

        Raises
        ------
        RefusedError
            401, if it is nobody's, or no longer.
        """
        for company in self.companies:
            if authorization == company.api_key:
                return company
        found = self._tokens.get(authorization.removeprefix("Bearer "))
        if found is None or self.clock.now() >= found[1]:
            raise RefusedError(401, "Unauthenticated.")
        return found[0]

    def revoke(self, authorization: str) -> bool:
        """End a token before its time; False if it is none."""
        return self._tokens.pop(authorization.removeprefix("Bearer "), None) is not None

    def truth(self, company: Company) -> Iterator[Seen]:
        """Yield each state that each run of a company has come into by now, run by run."""
        now = round(self.clock.now().timestamp() * 1000)
        company.past.reach(now)
        for run in company.past.started(0, now):
            yield Seen(run.id, run.flow.id, RUNNING, run.started)
            if run.finished <= now:
                yield Seen(run.id, run.flow.id, run.outcome, run.finished)

    def confession(self) -> dict[str, Any]:
        """Return the whole truth in JSON's types."""
        return {
            "now": self.clock.now().isoformat(),
            "companies": {
                company.name: {
                    "requests": company.requests,
                    "busiest_minute": company.busiest,
                    "states": [seen._asdict() for seen in self.truth(company)],
                }
                for company in self.companies
            },
            "faults": [one._asdict() | {"at": one.at.isoformat()} for one in self.faults.injected],
        }
