"""What varies in an error line, and what must not be kept of it, replaced by marks.

Masking comes before mining (He et al., "Drain: An Online Log Parsing Approach with Fixed Depth
Tree", ICWS 2017, call it preprocessing by domain knowledge): templates then need no examples to
find out that a number is a parameter, and nothing secret or personal gets as far as a template.
"""

from __future__ import annotations

import re
from typing import Final

LINE: Final = 300
"""Characters of a line that make its template: the first sentence or two of every shape of error
in the labelled list, and a bound on the work that a hostile line can cause."""
WORD: Final = 80
"""Characters of a word that are kept: JSON without blanks is one long word."""

_SECRETLY: Final = (
    "token", "secret", "passw", "pwd", "key", "signature", "auth", "cookie", "credential",
    "session", "bearer", "basic", "eyj", "shp", "sk_", "pk_", "ghp_", "xox", "akia",
)  # fmt: skip
"""Without any of these in it, a line is not searched for secrets."""
_NAMED = r"""[\w-]{0,24}(?:token|secret|passw(?:or)?d|passwd|pwd|api[_-]?key|access[_-]?key
          |private[_-]?key|signature|authorization|cookie|credentials?|session[_-]?id)
          ["'`\\]{0,2}\s{0,2}(?:=>|[:=])\s{0,2}["'`\\]{0,2}(?:bearer\s+|basic\s+|token\s+)?"""
_VALUE = r"""[^\s"'`\\&,;}\])<]{4,}"""
_SECRET = re.compile(
    rf"""(?P<name>\b{_NAMED})(?!{_NAMED}{_VALUE}){_VALUE}     # an empty value takes no other's name
      | (?P<scheme>\b(?:bearer|basic)\s+)(?=\S*[\d=.])[\w.~+/=-]{{6,}}
      | \beyJ[\w-]{{6,}}(?:\.[\w-]*){{0,2}}
      | \b(?:shp(?:at|ca|pa|ss)_|sk_|pk_|gh[pousr]_|xox[a-z]-|AKIA)[\w-]{{6,}}""",
    re.IGNORECASE | re.VERBOSE,
)
_QUOTED = re.compile(r"\"([^\"]{0,200})\"(\s?:)?|(?<!\w)'([^']{0,200})'(?!\w)")
_NAME = re.compile(r"[^\W\d]{1,40}(?:[.\[\]:][^\W\d]{1,40})*\Z")
_SUSPECT = re.compile(r"[\d@]|://|\S{40}")
_VARIABLE = re.compile(
    r"""(?P<URL>[a-z][a-z0-9+.-]{1,12}://(?:[^\s"'`<>\])}]|<SECRET>)+)
      | (?P<EMAIL>[^\s@"'`<>:;,=()\[\]]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)
      | (?P<TIME>\d{4}[-/]\d\d[-/]\d\d(?:T[\d:.,]+)?(?:Z|[+-]\d\d:?\d\d)?|\d{1,2}:\d\d:\d\d[\d.,]*)
      | (?P<IP>\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?)
      | (?P<word>\#?[\w-]+(?:[+/=][\w+/=-]{32,})?)""",
    re.IGNORECASE | re.VERBOSE,
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_TECHNICAL = re.compile(
    r"(?:x509|utf-?\d+|oauth\d|v\d{1,2}|u?int\d+|float\d+|sha-?\d+|md5|base64|s3|ipv?[46]|[1-5]xx"
    r"|http\d?|ssl|tls)\Z",
    re.IGNORECASE,
)
_BEFORE_CODE: Final = frozenset(
    {"error", "status", "code", "http", "http/1.0", "http/1.1", "http/2", "http/2.0", "returned"}
)
_REPEATED = re.compile(r"(<[A-Z]+>)(?:[,.;:/-]? ?\1)+")


def masked(line: str) -> str:
    """Return the start of a line with what varies, and what is secret, replaced by marks.

    Kept are HTTP statuses and other short codes where they stand as such, keys of JSON, and
    quoted names of fields and codes.

    Examples
    --------
    >>> masked("cURL error 28: timed out after 30012 ms for https://shop.example/x?id=7")
    'cURL error 28: timed out after <NUM> ms for <URL>'
    >>> masked("Item 'Blue shirt' of jane@example.com refused, token=abc123def")
    "Item '<TEXT>' of <EMAIL> refused, token=<SECRET>"
    """
    text = line[:LINE]
    if not text.isprintable():
        text = "".join([c if c.isprintable() else " " for c in text])
    text = hide_secrets(text)
    if '"' in text or "'" in text:
        text = _QUOTED.sub(_quoted, text)
    words: list[str] = []
    before = ""
    for word in text.split():
        if not word.isalpha() and _SUSPECT.search(word) and not _is_code(word, before):
            words.append(_VARIABLE.sub(_mark, word)[:WORD])
        else:
            words.append(word[:WORD])
        before = word
    whole = " ".join(words)
    return _REPEATED.sub(r"\1", whole) if whole.count("<") > 1 else whole


def hide_secrets(text: str) -> str:
    """Return a text without tokens, keys and passwords.

    >>> hide_secrets('Authorization: Bearer abc123def, "client_secret": "shhh"')
    'Authorization: Bearer <SECRET>, "client_secret": "<SECRET>"'
    """
    lowered = text.lower()
    for hint in _SECRETLY:
        if hint in lowered:
            return _SECRET.sub(_hidden, text)
    return text


def _hidden(found: re.Match[str]) -> str:
    return f"{found['name'] or found['scheme'] or ''}<SECRET>"


def _quoted(found: re.Match[str]) -> str:
    """Mask a quoted value; keys of JSON, names of fields and codes, and sentences are none."""
    whole, content = found[0], found[3] if found[1] is None else found[1]
    named = found[2] is not None or _NAME.match(content) is not None
    if named or not content or content.count(" ") > 2 or content[0] == "<":
        return whole
    return f"{whole[0]}<TEXT>{whole[0]}"


def _is_code(word: str, before: str) -> bool:
    """Whether a number is a status or an error code, which a template must keep."""
    number = word.strip("`:;,.()[]")
    if not (number.isascii() and number.isdigit() and len(number) <= 3):
        return False
    if not before:
        return len(number) == 3
    return word[0] == "`" or before.lower().rstrip(":") in _BEFORE_CODE


def _mark(found: re.Match[str]) -> str:
    kind = found.lastgroup or ""
    if kind != "word":
        return f"<{kind}>"
    word = found[0]
    if len(word) >= 40:
        return "<ID>"
    if not any(map(str.isdigit, word)) or _TECHNICAL.match(word):
        return word
    if _UUID.match(word):
        return "<UUID>"
    unit = word.lstrip("0123456789")
    return "<NUM>" if len(unit) <= 2 or not any(map(str.isalpha, word)) else "<ID>"
