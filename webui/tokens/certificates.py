"""The console's own certificate authority: the proxy's certificate, and those by which the docker CLI shows a token.

A certificate for a client names a token and a host in its subject alternative name. It opens nothing by itself: the
token is looked up with every request, so one that is revoked makes all its certificates worthless.
"""

import datetime
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from webui.hosts.models import Host
    from webui.tokens.models import Token

_AUTHORITY_LASTS: Final = datetime.timedelta(days=3650)
_CLAIM: Final = re.compile(r"quayside:token:([0-9a-f]{16}):host:([0-9]{1,18})")
# Clocks differ.
_LEEWAY: Final = datetime.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key, PEM."""

    certificate: str
    key: str


def authority() -> Identity:
    """The authority, made when it is first asked for."""
    from webui.tokens.models import Authority

    kept = Authority.objects.filter(pk=1).first()
    if kept is None:
        made = _new_authority()
        kept, _is_new = Authority.objects.get_or_create(
            pk=1, defaults={"certificate": made.certificate, "key": made.key}
        )
    return Identity(kept.certificate, kept.key)


def server_identity(names: Iterable[str]) -> Identity:
    """A certificate for the proxy under these names and addresses. Its key is new, and never on a disk."""
    return _issue("Quayside proxy", [_name(one) for one in names], ExtendedKeyUsageOID.SERVER_AUTH, None)


def client_identity(token: "Token", host: "Host") -> Identity:
    """What shows this token for this host, until the token is over. Its key is kept nowhere here."""
    claim = x509.UniformResourceIdentifier(f"quayside:token:{token.key}:host:{host.pk}")
    return _issue(token.user.username, [claim], ExtendedKeyUsageOID.CLIENT_AUTH, token.expires_at)


def claim_of(certificate: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """The token's key and the host's id in a certificate, as `SSLObject.getpeercert()` tells one that was checked."""
    for kind, value in (certificate or {}).get("subjectAltName", ()):
        read = _CLAIM.fullmatch(value) if kind == "URI" else None
        if read is not None:
            return read[1], int(read[2])
    return None


def _new_authority() -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Quayside")])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - _LEEWAY)
        .not_valid_after(now + _AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _signed(builder, key, key)


def _issue(
    name: str, names: list[x509.GeneralName], usage: x509.ObjectIdentifier, until: datetime.datetime | None
) -> Identity:
    above = authority()
    issuer = x509.load_pem_x509_certificate(above.certificate.encode())
    issuer_key = serialization.load_pem_private_key(above.key.encode(), password=None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)  # noqa: S101 - it is what we made
    key = ec.generate_private_key(ec.SECP256R1())
    end = issuer.not_valid_after_utc
    builder = (
        x509.CertificateBuilder(
            issuer.subject, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]), key.public_key(),
            x509.random_serial_number(),
        )
        .not_valid_before(datetime.datetime.now(datetime.UTC) - _LEEWAY)
        .not_valid_after(end if until is None else min(until, end))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )  # fmt: skip
    return _signed(builder, issuer_key, key)


def _signed(
    builder: x509.CertificateBuilder, by: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePrivateKey
) -> Identity:
    certificate = builder.sign(by, hashes.SHA256())
    plain = serialization.NoEncryption()
    encoded = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return Identity(certificate.public_bytes(serialization.Encoding.PEM).decode(), encoded.decode())


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
