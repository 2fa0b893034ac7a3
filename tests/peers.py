"""What the console signs people in by, for tests: a real OpenID Connect provider, and certificates of our own."""

import contextlib
import datetime
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import free_port

_HERE = Path(__file__).parent
CLIENT_ID, CLIENT_SECRET = "quayside", "pa:ss w/rd+%"


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files of a server on this machine (as 127.0.0.1 and localhost), and of the authority that signed it."""

    ca: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    ca = _signed(ca_name, ca_name, ca_key, ca_key, x509.BasicConstraints(ca=True, path_length=0))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = _signed(name, ca_name, key, ca_key, names)
    paths = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    paths.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    paths.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths.key.write_bytes(key.private_bytes(*plain))
    return paths


def _signed(
    name: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1)).add_extension(extension, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )  # fmt: skip
    return builder.sign(signer, hashes.SHA256())


def _node() -> str:
    """Node.js of this machine, or the one that was set up beside our Python."""
    places = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])
    found = shutil.which("node", path=places)
    assert found is not None, "no Node.js: run make setup"
    return found


def printed_by(script: str) -> Any:
    """What a script prints as JSON: a module, that may import what a browser imports as long as it needs no page."""
    done = subprocess.run([_node(), "--input-type=module", "-e", script], capture_output=True, check=True)
    return json.loads(done.stdout)


@contextlib.contextmanager
def running_provider(redirect_uri: str, certificates: Certificates | None = None) -> Iterator[str]:
    """npm's oidc-provider; gives its issuer."""
    port = free_port()
    command = [_node(), str(_HERE / "provider.mjs"), str(port), CLIENT_ID, CLIENT_SECRET, redirect_uri]
    if certificates:
        command += [str(certificates.key), str(certificates.certificate)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        yield f"{'https' if certificates else 'http'}://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def sign_in_there(address: str, name: str, redirect_uri: str) -> str:
    """Follow the provider's pages as a browser would, as `name`; returns where it sends the browser back to."""
    with requests.Session() as browser:
        answer = browser.get(address, allow_redirects=False, timeout=90)
        for _step in range(12):
            if answer.is_redirect:
                following = urljoin(answer.url, answer.headers["Location"])
                if following.startswith(redirect_uri):
                    return following
                answer = browser.get(following, allow_redirects=False, timeout=90)
                continue
            form = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
            assert form is not None, answer.text[:2000]
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert prompt is not None, answer.text[:2000]
            given = {"prompt": prompt[1], "login": name, "password": "any"}
            answer = browser.post(urljoin(answer.url, unescape(form[1])), given, allow_redirects=False, timeout=90)
    raise AssertionError("the provider never came to an end")
