"""A real LDAP directory for tests: Debian's slapd, with a few people, in a folder of its own."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ldap3

from tests.peers import Certificates
from tests.ports import free_port

BASE = "dc=example,dc=com"
SERVICE, SERVICE_PASSWORD = f"cn=quayside,{BASE}", "searches-only"
PASSWORD = "harbour-lights-42"
ROOT_PASSWORD = "changes-everything"

_PEOPLE = ("anna", "rose,lee", "star*(x)", "twin")
_CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.1.1 NAME 'controlled' SUP top AUXILIARY MAY userAccountControl )
pidfile {folder}/slapd.pid
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
database mdb
suffix "{base}"
rootdn "cn=root,{base}"
rootpw {root_password}
directory {folder}/db
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by users read by anonymous auth
"""


@dataclass(frozen=True, slots=True)
class RunningDirectory:
    """Where it listens: in the clear with StartTLS, and with TLS from the start."""

    plain: str
    tls: str


@contextlib.contextmanager
def running_directory(folder: Path, certificates: Certificates) -> Iterator[RunningDirectory]:
    configuration, ldif = folder / "slapd.conf", folder / "people.ldif"
    (folder / "db").mkdir()
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            base=BASE,
            root_password=ROOT_PASSWORD,
            ca=certificates.ca,
            certificate=certificates.certificate,
            key=certificates.key,
        )
    )
    ldif.write_text(_ldif())
    slapadd = ["/usr/sbin/slapadd", "-f", str(configuration), "-l", str(ldif)]
    subprocess.run(slapadd, check=True, capture_output=True)
    plain, tls = free_port(), free_port()
    # Also at an address that is not in the certificate.
    urls = " ".join(f"ldap://{address}:{plain} ldaps://{address}:{tls}" for address in ("127.0.0.1", "127.0.0.2"))
    # -d keeps it in the foreground.
    command = ["/usr/sbin/slapd", "-d", "0", "-h", urls, "-f", str(configuration)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(plain, process)
        yield RunningDirectory(f"127.0.0.1:{plain}", f"127.0.0.1:{tls}")
    finally:
        process.terminate()
        process.wait(90)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            with ldap3.Connection(ldap3.Server("127.0.0.1", port, get_info=ldap3.NONE, connect_timeout=1)):
                return
        except ldap3.core.exceptions.LDAPException:
            assert process.poll() is None, "slapd ended"
            assert time.monotonic() < deadline, "slapd does not answer"
            time.sleep(0.05)


def dn_of(uid: str, unit: str = "people") -> str:
    escaped = "".join(f"\\{ord(char):02x}" if char in ",*()\\" else char for char in uid)
    return f"uid={escaped},ou={unit},{BASE}"


def _ldif() -> str:
    entries = [
        (BASE, "objectClass: dcObject", "objectClass: organization", "o: example"),
        (SERVICE, "objectClass: organizationalRole", "objectClass: simpleSecurityObject",
         f"userPassword: {SERVICE_PASSWORD}"),
        *((f"ou={unit},{BASE}", "objectClass: organizationalUnit") for unit in ("people", "others", "groups")),
        *(_person(uid, dn_of(uid)) for uid in _PEOPLE),
        _person("twin", dn_of("twin", "others")),
        (f"cn=ops,ou=groups,{BASE}", "objectClass: groupOfNames", f"member: {dn_of('anna')}"),
        (f"cn=dev,ou=groups,{BASE}", "objectClass: posixGroup", "gidNumber: 5000", "memberUid: anna"),
        (f"cn=crew,ou=groups,{BASE}", "objectClass: groupOfNames", f"member: {dn_of('twin')}"),
    ]  # fmt: skip
    return "\n\n".join("\n".join([f"dn: {dn}", *lines]) for dn, *lines in entries) + "\n"


def _person(uid: str, dn: str) -> tuple[str, ...]:
    return (
        dn, "objectClass: inetOrgPerson", f"uid: {uid}", f"cn: {uid}", "sn: x", f"displayName: {uid} of the directory",
        f"mail: {uid.split(',', maxsplit=1)[0]}@example.com", f"userPassword: {PASSWORD}",
    )  # fmt: skip
