"""Who may post: a bearer token, or a Standard Webhooks signature over the raw body.

Several tokens and secrets may be valid at once, so that they can be changed without a gap. With
none configured, only clients on this machine are let in.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from pipeline.ingest.problems import UnauthorizedError
from pipeline.settings import IngestSettings

LOCAL = "local"
"""The name of clients that need no token, because none is configured."""


class Authenticator:
    """Tells a sender's configured name from what the request shows.

    Examples
    --------
    >>> guard = Authenticator(IngestSettings(tokens={"shop": "s3cret"}))
    >>> guard.check({"authorization": "Bearer s3cret"}, b"", "192.0.2.1")
    'shop'

    Raises
    ------
    ValueError
        If a signing secret cannot be one; names it, and does not repeat it.
    """

    def __init__(self, settings: IngestSettings) -> None:
        self._tokens = {n: t.get_secret_value().encode() for n, t in settings.tokens.items()}
        self._webhooks = {
            name: _webhook(name, secret.get_secret_value())
            for name, secret in settings.signing_secrets.items()
        }

    @property
    def open_to_this_machine(self) -> bool:
        """Whether nothing is configured, so that loopback clients alone are let in."""
        return not (self._tokens or self._webhooks)

    def check(self, headers: Mapping[str, str], body: bytes, client: str) -> str:
        """Return the name of the sender.

        Raises
        ------
        UnauthorizedError
            If it shows nothing valid. The message never repeats what it showed.
        """
        if self.open_to_this_machine:
            if _is_loopback(client):
                return LOCAL
            raise UnauthorizedError(
                "no token is configured, so only clients on the same machine are let in"
            )
        if self._webhooks and "webhook-signature" in headers:
            return self._signed(headers, body)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise UnauthorizedError("a bearer token, or a webhook signature, is required")
        return self._named(token.strip().encode())

    def _named(self, token: bytes) -> str:
        # Every token is compared, so that the time taken tells nothing.
        found = [n for n, known in self._tokens.items() if hmac.compare_digest(known, token)]
        if not found:
            raise UnauthorizedError("the bearer token is not known")
        return found[0]

    def _signed(self, headers: Mapping[str, str], body: bytes) -> str:
        wanted = ("webhook-id", "webhook-timestamp", "webhook-signature")
        shown = {name: headers[name] for name in wanted if name in headers}
        for name, webhook in self._webhooks.items():
            try:
                webhook.verify(body, shown, json_parse=False)
            except (WebhookVerificationError, ValueError):
                # ValueError: the library lets malformed headers and bodies that are no text through
                continue
            return name
        raise UnauthorizedError(
            "the webhook signature does not fit the body, or is older than five minutes"
        )


def _webhook(name: str, secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except (ValueError, EmptyWebhookSecretError):
        raise ValueError(f"ingest.signing_secrets.{name} is not whsec_ and base64") from None


def _is_loopback(client: str) -> bool:
    try:
        return ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False
