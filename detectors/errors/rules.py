"""From an error's words to its class: one table of phrases, and HTTP statuses where words fail.

Several systems refuse for lack of capacity without a 429 (Shopify GraphQL 200, NetSuite 400 and
SOAP faults, Brightpearl 503), so words come before the status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from detectors.errors.taxonomy import ErrorClass

READ: Final = 600
"""Characters that are read: room for the start of a response body; what follows is payload."""

ANY_STATUS: Final[Mapping[ErrorClass, str]] = {
    "quota_exhausted": """
        totalrequests limit | insufficient_quota | out of credits | billing period
        | month + limit reached | month + allowance | month + quota | month + exhausted
        | daily + quota | daily + limit reached | until the quota | 24 hrs + reached
        | plan's + used up | payment required
    """,
    "rate_limit": """
        throttl | rate limit | ratelimit | rate_limit | too many requests
        | request_limit_exceeded | request limit exceeded | requestlimit | ws_concur_session
        | concurrent requests | too many concurrent | request rates | requests exceeded
        | requests-remaining: 0 | quotaexceeded | calls per second | slow down
        | call limit | limit is exceeded
    """,
}
"""Words that decide whatever the status. A class and its phrases, in lower case: any of those
between ``|`` is enough, of those joined by ``+`` all must be there, and one that begins with ``^``
must begin a word. The first class that fits wins."""

DECISIVE: Final[Mapping[int, ErrorClass]] = {
    401: "auth",
    402: "quota_exhausted",
    403: "auth",
    404: "not_found",
    408: "timeout",
    409: "conflict_duplicate",
    410: "not_found",
    412: "conflict_duplicate",
    413: "payload_too_large",
    429: "rate_limit",
    504: "timeout",
}
"""Statuses that say more than the words beside them; of the others, 500 and above do too."""

BY_WORDS: Final[Mapping[ErrorClass, str]] = {
    "platform": """
        oomkilled | out of memory | allowed memory size | signal: killed | evicted
        | maxattemptsexceeded | abandonedjob | attempted too many times | rabbitmq | amqp | ^redis
        | no space left | queue worker | scheduler failure | did not finish within
    """,
    "schema_mismatch": """
        in json at | malformed json | invalid json | json pars | xml pars | cannot unmarshal
        | looking for beginning of value | schema | mismatched tag | header mismatch
        | expected column | additional property | required property
    """,
    "script": """
        custom script | custom-script | script failed | script error | script exited | script:
        | in script | .js line | traceback | typeerror | referenceerror | syntaxerror
        | indexerror | keyerror | undefined function | undefined array key | undefined variable
        | member function | panic: | runtime error | nil pointer | null pointer
    """,
    "mapping_transform": """
        mapping | map shape | ^map: | could not map | transform | translate: | cross-reference
        | cannot convert | could not convert | parse date | jsonpath | xpath | division by zero
        | source path | target field
    """,
    "config": """
        no deployed version | not configured | no authentication | required setting
        | cron expression | flow is disabled | environment variable | protocol scheme
        | no system selected | variable + is not set
    """,
    "timeout": """
        timed out | timeout | time-out | deadline exceeded | deadlineexceeded | curl error 28
        | execution time + exceeded | etimedout
    """,
    "auth": """
        unauthori | authenticat | invalid_grant | invalid_client | invalid_login
        | login incorrect | invalid login | access token | api key | api_key | private key
        | permission | forbidden | access denied | is denied | jwt expired | invalid credentials
        | signature verification | signature mismatch | invalid signature | merchant approval
        | token + expired | token + revoked | token + invalid
        | validate + token | session expired | invalid_session
    """,
    "network": """
        connection refused | reset by peer | no such host | could not resolve | enotfound
        | econnrefused | econnreset | no route to host | network is unreachable | x509 | tls:
        | ssl_ | ssl cert | certificate | broken pipe | unexpected eof | failed to connect
        | curl error 6 | curl error 7 | curl error 35 | curl error 5
    """,
    "payload_too_large": """
        too large | size_exceeded | size exceeds | payload + exceeds | message.bytes
    """,
    "empty_payload": """
        payload is empty | empty payload | body is empty | empty response | no payload
        | returned no data | no data to | payload must not be empty | ^0 records
        | nothing to process
    """,
    "conflict_duplicate": """
        already exists | already_exists | already present | duplicate | dup_rcrd
        | been_changed | been changed | conflict | ^etag | exclusive access | lock_row
        | precondition failed | been taken | deadlock | unique constraint
    """,
    "dependency_missing": """
        invalid_key_or_ref | invalid item reference | unknown sku
    """,
}
"""Words that decide where the status does not."""

_THINGS: Final = (
    "sku", "item", "product", "variant", "customer", "contact", "supplier", " location",
    "warehouse", "tax code", "currency", "shipping method", "carrier", "price list",
)  # fmt: skip
_MISSING: Final = (
    "does not exist", "not found", "could not be found", "unknown",
    "unrecognised", "unrecognized", "no product",
)  # fmt: skip

LAST_WORDS: Final[Mapping[ErrorClass, str]] = {
    "not_found": """
        not found | not be found | does not exist | no such file | nosuchkey | dsnt_exist
    """,
    "server_5xx": """
        internal server error | internal_server_error | bad gateway | service unavailable
        | server_unavailable | temporarily unavailable | unexpected_error | unknown_exception
    """,
    "validation_4xx": """
        invalid | validation | required | unprocessable | bad request | must be | must not
        | is too long | is too short | user_error | usererrors | enter value
    """,
}
"""Words so general that everything else goes first."""

BY_STEP: Final[Mapping[str, ErrorClass]] = {
    "custom-script": "script",
    "script": "script",
    "translate": "mapping_transform",
    "map": "mapping_transform",
}
"""What an error that says nothing is about, by the kind of step it came from."""

_STATUS = re.compile(
    r"(?:^\s|`|\b(?:http(?:/\d(?:\.\d)?)?|status|code|error|response|returned|answered|got)\W{1,4})"
    r"(?P<after>[45]\d\d)\b"
    r"|\b(?P<before>[45]\d\d)\W{1,2}(?:client error|server error|bad request|unauthori|forbidden"
    r"|not found|conflict|unprocessable|too many|internal server|bad gateway|service unav|gateway)"
)
"""A status is a number that is called one, or has its reason beside it."""


def classify(
    message: str, status: int | None = None, system: str | None = None, step: str | None = None
) -> ErrorClass:
    """Return the class of an error.

    Parameters
    ----------
    message
        What the error says.
    status
        HTTP status of the answer, if known; else it is looked for in the message.
    system
        The system called, if known.
    step
        The kind of step it came from, if known.

    Examples
    --------
    >>> classify("RESTlet error 400: SSS_REQUEST_LIMIT_EXCEEDED: too many requests.")
    'rate_limit'
    >>> classify("Service Unavailable", 503, "Brightpearl"), classify("Service Unavailable", 503)
    ('rate_limit', 'server_5xx')
    >>> classify("item code SKU-1 does not exist"), classify("flop")
    ('dependency_missing', 'unknown')
    """
    text = f" {message[:READ].lower()}"
    code = status_in(text) if status is None else status
    return (
        _first(_ANY_STATUS, text)
        or _by_status(code, f"{system} {text}".lower() if code == 503 else "")
        or _first(_BY_WORDS, text)
        or _missing_thing(text)
        or _first(_LAST_WORDS, text)
        or ("validation_4xx" if code is not None and 400 <= code < 500 else None)
        or BY_STEP.get((step or "").lower(), "unknown")
    )


def status_in(text: str) -> int | None:
    """Return the HTTP status of an error named in a text in lower case.

    >>> status_in("resulted in a `422 unprocessable content` response"), status_in("order 422")
    (422, None)
    """
    found = _STATUS.search(text)
    return None if found is None else int(found["after"] or found["before"])


def _by_status(code: int | None, said: str) -> ErrorClass | None:
    if code is None:
        return None
    if code == 503 and "brightpearl" in said:
        return "rate_limit"
    return DECISIVE.get(code) or ("server_5xx" if code >= 500 else None)


def _missing_thing(text: str) -> ErrorClass | None:
    missing = any(words in text for words in _MISSING)
    return "dependency_missing" if missing and any(t in text for t in _THINGS) else None


_Table = tuple[tuple[ErrorClass, tuple[str, ...], tuple[tuple[str, ...], ...]], ...]


def _compiled(rules: Mapping[ErrorClass, str]) -> _Table:
    table = []
    for name, phrases in rules.items():
        split = [
            tuple(" ".join(part.split()).replace("^", " ") for part in phrase.split("+"))
            for phrase in phrases.split("|")
        ]
        single = tuple(parts[0] for parts in split if len(parts) == 1)
        table.append((name, single, tuple(parts for parts in split if len(parts) > 1)))
    return tuple(table)


def _first(table: _Table, text: str) -> ErrorClass | None:
    for name, phrases, combinations in table:
        for phrase in phrases:
            if phrase in text:
                return name
        for words in combinations:
            if all(word in text for word in words):
                return name
    return None


_ANY_STATUS, _BY_WORDS, _LAST_WORDS = map(_compiled, (ANY_STATUS, BY_WORDS, LAST_WORDS))
