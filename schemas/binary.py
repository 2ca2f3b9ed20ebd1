"""Binary mode: an event whose attributes travel apart from its data, made into one document.

Source: CloudEvents 1.0.2, "HTTP Protocol Binding", section 3.1, and "Kafka Protocol Binding",
section 3.2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from schemas.syntax import check_depth, check_grammar


def joined(attributes: Mapping[str, str], data: bytes) -> bytes:
    """Return an event in structured JSON, its data byte for byte as it came.

    Raises
    ------
    MalformedError
        If the data is not exactly one JSON document: otherwise it could end early and go on to
        overrule the attributes.

    Examples
    --------
    >>> joined({"id": "1"}, b'{"depth": 3}')
    b'{"id": "1","data":{"depth": 3}}'
    >>> joined({"tenant": "acme"}, b'{},"tenant":"other"')
    Traceback (most recent call last):
    schemas.errors.MalformedError: the input is not JSON: trailing characters (byte 3)
    """
    data = data.strip() or b"null"
    check_depth(data)
    check_grammar(data)
    named = {name: value for name, value in attributes.items() if name != "data"}
    return json.dumps(named).encode()[:-1] + b',"data":' + data + b"}"
