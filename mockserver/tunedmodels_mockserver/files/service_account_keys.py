"""Makes service account keys for the mock server, in the form that google-auth reads."""

from __future__ import annotations

from ..core.callers.service_accounts import EXPONENT, PRIMES, PROJECT, Key
from ..core.methods.ids import permission_id


def service_account(email: str, token_uri: str) -> dict[str, str]:
    """Return the key of the service account *email*. google-auth gets its tokens from *token_uri*."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    p, q = PRIMES
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    crt = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    private = rsa.RSAPrivateNumbers(p, q, d, *crt, rsa.RSAPublicNumbers(EXPONENT, p * q)).private_key()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": Key(email).id(),
        "private_key": pem.decode(),
        "client_email": email,
        "client_id": permission_id(email),
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    }
