"""Key files: what google-auth reads as a service account's key, made for the fake."""

from __future__ import annotations

from .core.callers.service_accounts import EXPONENT, PROJECT, Key
from .core.ids import permission_id

_BITS = 2048


def service_account(email: str, token_uri: str) -> dict[str, str]:
    """Return a new key of the service account *email*, whose tokens are to be had at *token_uri*."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = rsa.generate_private_key(EXPONENT, _BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": Key(email, private.public_key().public_numbers().n).id(),
        "private_key": pem.decode(),
        "client_email": email,
        "client_id": permission_id(email),
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    }
