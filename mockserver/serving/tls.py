"""A certificate made at the start (`--tls`), and how clients are told to trust it."""

import base64
import hashlib
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from accord.base.errors import AccordError

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files of a server's certificate: of the authority that signed it, which clients trust; its chain; its private key.

    `fingerprint` is the SHA-256 of its public key, in base64, as Chromium takes it.
    """

    authority: Path
    chain: Path
    key: Path
    fingerprint: str


def make_certificate(directory: Path, hosts: tuple[str, ...] = ()) -> Certificate:
    """Make a certificate for loopback and those names or addresses, signed by an authority of its own, and write it to a directory.

    The authority's private key is kept nowhere, so that nobody can sign another certificate. Raises AccordError if the files cannot
    be written.
    """
    # Imported only here, since that takes a fifth of a second.
    import trustme

    authority = trustme.CA(organization_name="Accord mock")
    issued = authority.issue_cert(*dict.fromkeys((*LOOPBACK, *filter(_can_be_certified, hosts))))
    files = directory / "ca.pem", directory / "certificate.pem", directory / "key.pem"
    try:
        authority.cert_pem.write_to_path(files[0])
        files[1].write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        files[2].touch(mode=0o600)
        issued.private_key_pem.write_to_path(files[2])
    except OSError as error:
        raise AccordError(
            f"The certificate cannot be written to {directory}: {error.strerror}.", "Set TMPDIR to another place."
        ) from error
    return Certificate(*files, fingerprint=_fingerprint(issued.cert_chain_pems[0].bytes()))


def trust_lines(certificate: Certificate, url: str) -> list[str]:
    """Return how curl, Node, requests and Chromium are told to trust it, as lines to paste."""
    path = certificate.authority
    return [
        f"curl      curl --cacert {path} {url}/__accord__/health",
        f"Node      NODE_EXTRA_CA_CERTS={path} node …",
        f"requests  REQUESTS_CA_BUNDLE={path} python …",
        f'Chromium  chromium --user-data-dir="$(mktemp -d)" --ignore-certificate-errors-spki-list={certificate.fingerprint} {url}',
    ]


def _can_be_certified(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return bool(host) and host.isascii()


def _fingerprint(pem: bytes) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_der_x509_certificate

    public = load_der_x509_certificate(ssl.PEM_cert_to_DER_cert(pem.decode())).public_key()
    return base64.b64encode(hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()).decode()
