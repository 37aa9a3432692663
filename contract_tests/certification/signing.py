"""Signing keys, and the envelope in which a statement is signed: DSSE with Ed25519, by securesystemslib."""

import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, UnverifiedSignatureError, VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from accord.base.errors import AccordError

PAYLOAD_TYPE = "application/vnd.in-toto+json"

PUBLIC = ".pub"
"""What the name of a public key's file ends in, beside that of its private key."""

_LARGEST_KEY = 64 * 1024
_HINT = "Give a file that `accord keygen` wrote."


class SignatureError(Exception):
    """An envelope is none, or is not signed by the key."""


def canonical(value: Any) -> bytes:
    """Return JSON in the one way in which it is written here: on one line, members sorted."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii") + b"\n"


def generate(path: Path) -> Path:
    """Write a new private key (mode 600), and its public key beside it; return the path of the latter.

    Raises AccordError where either is there already: a key is never overwritten.
    """
    public = path.with_name(path.name + PUBLIC)
    for one in (path, public):
        if os.path.lexists(one):
            raise AccordError(f"{one} is there already, and a key is never overwritten.", "Name another file.")
    signer = CryptoSigner.generate_ed25519()
    _write_new(path, signer.private_bytes, 0o600)
    _write_new(public, canonical(public_key_to_json(signer)), 0o644)
    return public


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
        with os.fdopen(descriptor, "wb") as file:
            # Whatever the umask says.
            os.fchmod(file.fileno(), mode)
            file.write(content)
    except OSError as error:
        raise AccordError(f"The key {path} cannot be written: {error.strerror}.", "Name a file in a folder of yours.") from error


def signer_of(path: Path) -> CryptoSigner:
    """Return what signs with a private key in PEM. Raises AccordError where the file holds none of Ed25519."""
    try:
        content = path.read_bytes()[: _LARGEST_KEY + 1]
    except OSError as error:
        raise AccordError(f"The signing key {path} cannot be read: {error.strerror}.", _HINT) from error
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AccordError(f"{path} is no private key in PEM without a password.", _HINT) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise AccordError(f"{path} is no key of Ed25519.", _HINT)
    return CryptoSigner(key)


def public_key_to_json(signer: CryptoSigner) -> dict[str, Any]:
    """Return the public key of a signer, with its id, as values of JSON."""
    return {"keyid": signer.public_key.keyid, **signer.public_key.to_dict()}


def public_key_in(content: bytes) -> SSlibKey:
    """Return the public key that a file holds. Raises SignatureError where it holds none of Ed25519, or the id of another."""
    try:
        document = json.loads(content)
        keyid, value = document.pop("keyid"), document["keyval"]["public"]
        if document != {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": value}}:
            raise SignatureError("It is no public key of Ed25519.")
        own = SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(value)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SignatureError("It is no public key of Ed25519.") from error
    if own.keyid != keyid:
        raise SignatureError("It says that it has another id than it has.")
    return own


def trusted_key(path: Path) -> SSlibKey:
    """Return the public key of a file that the user trusts. Raises AccordError where it holds none."""
    try:
        return public_key_in(path.read_bytes()[: _LARGEST_KEY + 1])
    except OSError as error:
        raise AccordError(f"The key {path} cannot be read: {error.strerror}.", "Give the file of a public key.") from error
    except SignatureError as error:
        raise AccordError(f"{path} is no public key: {error}", "Give a .pub file that `accord keygen` wrote.") from error


def signed(statement: bytes, signer: CryptoSigner) -> bytes:
    """Return the envelope of a statement that is signed."""
    envelope = Envelope(statement, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    return canonical(envelope.to_dict())


def opened(envelope: bytes, key: SSlibKey) -> bytes:
    """Return the statement in an envelope. Raises SignatureError where it is none, or its one signature is not the key's."""
    try:
        found = Envelope.from_dict(json.loads(envelope))
        if len(found.signatures) != 1 or found.payload_type != PAYLOAD_TYPE or canonical(found.to_dict()) != envelope:
            raise SignatureError("It is not written as an envelope of one statement and one signature.")
        found.verify([key], 1)
    except (UnverifiedSignatureError, VerificationError) as error:
        raise SignatureError("The signature is not that of the key over this statement.") from error
    except (ValueError, KeyError, TypeError, AttributeError, FormatError, RecursionError) as error:
        raise SignatureError("It is no envelope of a signed statement.") from error
    return bytes(found.payload)
