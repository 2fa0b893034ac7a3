"""`python -m engine`: read the arguments, run the daemon until it is told to stop."""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import sys
from collections.abc import Iterator
from ipaddress import ip_interface, ip_network
from pathlib import Path

from engine.config import DEFAULT_CDI_FOLDERS, AddressPool, EngineConfig, IdMap, TlsFiles
from engine.errors import EngineError
from engine.linux.subordinate_ids import parse_remap

_DEFAULT_ROOT = Path("/var/lib/quayside/engine")


def main(argv: list[str] | None = None) -> int:
    config = parse_arguments(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(
        level=config.log_level.upper(), format="%(asctime)s engine %(levelname)s %(message)s", stream=sys.stderr
    )
    if os.geteuid() != 0:
        print("quayside engine: must run as root (it mounts file systems and makes namespaces)", file=sys.stderr)
        return 1
    try:
        _event_loop_run(config)
    except EngineError as error:
        print(f"quayside engine: {error}", file=sys.stderr)
        return 1
    return 0


def _event_loop_run(config: EngineConfig) -> None:
    gc.disable()  # until it serves: see there
    with _no_authorities():
        import uvloop

        from engine.daemon import run
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(config))


@contextlib.contextmanager
def _no_authorities() -> Iterator[None]:
    """While aiohttp is imported: it reads this machine's certificate authorities twice, a third of our start.

    The two contexts that it makes then trust nobody; whoever speaks TLS here brings its own.
    """
    names = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def parse_arguments(argv: list[str]) -> EngineConfig:
    """The configuration; ends the process with a usage message for arguments that cannot be."""
    parser = _parser()
    given = parser.parse_args(argv)
    exec_root = given.exec_root or Path("/run/quayside") / EngineConfig(root=given.root, exec_root=given.root).instance
    return EngineConfig(
        root=given.root.absolute(),
        exec_root=exec_root.absolute(),
        pidfile=given.pidfile or exec_root.absolute() / "engine.pid",
        hosts=tuple(given.host or [f"unix://{given.root.absolute() / 'docker.sock'}"]),
        tls=_tls_files(parser, given),
        storage_driver=given.storage_driver,
        runtime=given.runtime,
        registry_mirrors=tuple(given.registry_mirror),
        insecure_registries=tuple(given.insecure_registry),
        bip=given.bip,
        default_address_pools=tuple(given.default_address_pool),
        cgroup_parent=given.cgroup_parent,
        id_map=given.userns_remap,
        has_selinux=given.selinux_enabled,
        cdi_folders=tuple(given.cdi_spec_dir or DEFAULT_CDI_FOLDERS),
        log_level=given.log_level,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="quayside engine", description="The Docker API over an OCI runtime.")
    parser.add_argument(
        "--root", type=Path, default=_DEFAULT_ROOT, help="images, containers, volumes (default %(default)s)"
    )
    parser.add_argument("--exec-root", type=Path, help="sockets and runtime state (default /run/quayside/<instance>)")
    parser.add_argument("--pidfile", type=Path, help="default EXEC_ROOT/engine.pid")
    parser.add_argument("-H", "--host", action="append", type=_host, metavar="unix://PATH | tcp://HOST:PORT")
    parser.add_argument("--tlsverify", action="store_true", help="ask clients on tcp:// for a certificate")
    parser.add_argument("--tlscacert", type=Path)
    parser.add_argument("--tlscert", type=Path)
    parser.add_argument("--tlskey", type=Path)
    parser.add_argument("--storage-driver", choices=["overlay2", "vfs"])
    parser.add_argument("--runtime", metavar="crun|runc|PATH")
    parser.add_argument("--registry-mirror", action="append", default=[], metavar="URL")
    parser.add_argument("--insecure-registry", action="append", default=[], metavar="HOST:PORT")
    parser.add_argument("--bip", type=_interface, metavar="CIDR", help="address of the default bridge")
    parser.add_argument(
        "--default-address-pool", action="append", default=[], type=_address_pool, metavar="base=CIDR,size=N"
    )
    parser.add_argument("--cgroup-parent", default="/quayside")
    parser.add_argument(
        "--userns-remap",
        type=_id_map,
        metavar="default|USER[:GROUP]|start=N,size=N",
        help="run containers in user namespaces: their root is a user without rights on the host",
    )
    parser.add_argument("--selinux-enabled", action="store_true", help="label containers where the kernel has SELinux")
    parser.add_argument(
        "--cdi-spec-dir", action="append", type=Path, metavar="DIR", help="default /etc/cdi and /var/run/cdi"
    )
    parser.add_argument("--log-level", choices=["debug", "info", "warning", "error"], default="info")
    return parser


def _host(text: str) -> str:
    scheme, separator, address = text.partition("://")
    if not separator or scheme not in ("unix", "tcp") or not address:
        raise argparse.ArgumentTypeError(f"{text!r}: give unix://PATH or tcp://HOST:PORT")
    if scheme == "tcp" and not address.rpartition(":")[2].isdigit():
        raise argparse.ArgumentTypeError(f"{text!r}: the port is missing")
    return text


def _id_map(text: str) -> IdMap:
    try:
        return parse_remap(text)
    except EngineError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _interface(text: str) -> str:
    try:
        return str(ip_interface(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _address_pool(text: str) -> AddressPool:
    fields = dict(part.partition("=")[::2] for part in text.split(","))
    try:
        base, size = ip_network(fields["base"]), int(fields["size"])
    except (KeyError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text!r}: give base=CIDR,size=N ({error})") from error
    if not base.prefixlen <= size <= base.max_prefixlen:
        raise argparse.ArgumentTypeError(f"{text!r}: size must lie between {base.prefixlen} and {base.max_prefixlen}")
    return AddressPool(base=str(base), size=size)


def _tls_files(parser: argparse.ArgumentParser, given: argparse.Namespace) -> TlsFiles | None:
    files = (given.tlscacert, given.tlscert, given.tlskey)
    if not given.tlsverify:
        if any(files):
            parser.error("--tlscacert, --tlscert and --tlskey go with --tlsverify")
        return None
    if not all(files):
        parser.error("--tlsverify needs --tlscacert, --tlscert and --tlskey")
    return TlsFiles(ca=given.tlscacert, certificate=given.tlscert, key=given.tlskey)


if __name__ == "__main__":
    sys.exit(main())
