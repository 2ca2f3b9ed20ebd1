"""The kinds of trouble an error can tell of, and what each means for whoever has to act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, get_args

ErrorClass = Literal[
    "rate_limit",
    "quota_exhausted",
    "auth",
    "timeout",
    "network",
    "server_5xx",
    "validation_4xx",
    "not_found",
    "conflict_duplicate",
    "dependency_missing",
    "mapping_transform",
    "schema_mismatch",
    "script",
    "payload_too_large",
    "empty_payload",
    "config",
    "platform",
    "unknown",
]

CLASSES: Final[tuple[ErrorClass, ...]] = get_args(ErrorClass)
INDEX: Final[Mapping[ErrorClass, int]] = {name: i for i, name in enumerate(CLASSES)}


class Meaning(NamedTuple):
    """What a class of errors means.

    Attributes
    ----------
    cause
        The likely cause, to follow "likely cause:".
    next_step
        What to look at first.
    severity
        Of an error of this class that a flow has never shown before. Critical is what stops a
        flow until somebody acts, info what usually concerns single records.
    """

    cause: str
    next_step: str
    severity: Literal["critical", "warning", "info"]


MEANING: Final[Mapping[ErrorClass, Meaning]] = {
    "rate_limit": Meaning(
        "the system called allows no more requests for the moment",
        "See which flows call this system at the same time; spread their schedules, lower page "
        "sizes or priorities, and let retries wait as long as the answer asks for.",
        "warning",
    ),
    "quota_exhausted": Meaning(
        "an allowance for the day or month (operations, requests, e-mails) is spent",
        "Check the allowance and what spent it; until it is raised or renewed nothing will pass.",
        "critical",
    ),
    "auth": Meaning(
        "credentials have expired, were revoked, or lack a permission",
        "Renew the connector's credentials and check what they are permitted to do.",
        "critical",
    ),
    "timeout": Meaning(
        "the system called answers too slowly, or the request asks for too much at once",
        "Check the status of the system called; if it is well, ask for smaller pages or allow "
        "more time.",
        "warning",
    ),
    "network": Meaning(
        "the system called cannot be reached: address, firewall or certificate",
        "Check the host name, that the port is open to Patchworks, and how long the certificate "
        "is valid.",
        "warning",
    ),
    "server_5xx": Meaning(
        "the system called has failed on its own side",
        "Check its status page; retry the failed runs once it is well.",
        "warning",
    ),
    "validation_4xx": Meaning(
        "the system called refuses the content of a record",
        "Read which field it names in the sample run, and compare the record with one that passed.",
        "info",
    ),
    "not_found": Meaning(
        "what was asked for is not there: deleted, moved, or a wrong address or id",
        "Check the address of the endpoint, and whether the record or file still exists.",
        "info",
    ),
    "conflict_duplicate": Meaning(
        "the record exists already, or was changed by somebody else meanwhile",
        "Check for two flows or a retry that write the same record; update instead of create.",
        "info",
    ),
    "dependency_missing": Meaning(
        "a record refers to something the target does not know: item, customer, location, tax code",
        "Create what is missing in the target, or run the flow that syncs it, then retry.",
        "info",
    ),
    "mapping_transform": Meaning(
        "a mapping or transformation cannot handle a value",
        "Open the map step with the sample run's payload; the source may have changed a format.",
        "warning",
    ),
    "schema_mismatch": Meaning(
        "a payload has another form than the flow expects",
        "Compare the sample run's payload with one of yesterday: the source may have changed its "
        "fields, or answered with an error page.",
        "warning",
    ),
    "script": Meaning(
        "a custom script fails on this data",
        "Run the script with the sample run's payload, and see when it was last changed.",
        "warning",
    ),
    "payload_too_large": Meaning(
        "a payload is larger than is allowed",
        "Fetch less at once, or split the payload in batches before this step.",
        "warning",
    ),
    "empty_payload": Meaning(
        "a step was given nothing to work on",
        "Check the source's filter and dates; an empty answer may be meant, then let the flow "
        "end early.",
        "info",
    ),
    "config": Meaning(
        "the flow or a connector is not set up completely",
        "Check what was changed last in this flow, its variables and connectors.",
        "critical",
    ),
    "platform": Meaning(
        "the platform that runs the flow is in trouble, not the flow",
        "See whether other flows fail as well, and check the platform's status.",
        "warning",
    ),
    "unknown": Meaning(
        "not one of the known kinds of error",
        "Open the sample run and read the log around the error.",
        "warning",
    ),
}

NAMES: Final[Mapping[ErrorClass, str]] = {
    "rate_limit": "rate limits",
    "quota_exhausted": "spent allowances",
    "auth": "refused credentials",
    "timeout": "timeouts",
    "network": "network errors",
    "server_5xx": "server errors",
    "validation_4xx": "refused records",
    "not_found": "things not found",
    "conflict_duplicate": "conflicts and duplicates",
    "dependency_missing": "missing dependencies",
    "mapping_transform": "mapping errors",
    "schema_mismatch": "payloads of another form",
    "script": "script errors",
    "payload_too_large": "payloads too large",
    "empty_payload": "empty payloads",
    "config": "incomplete settings",
    "platform": "platform errors",
    "unknown": "of no known kind",
}
"""What errors of a class are called in a sentence."""
