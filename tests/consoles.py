"""A whole console for tests: `quayside up` on a port and a folder of its own, and a person who is signed in."""

import contextlib
import http.cookiejar
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.daemons import Daemon, _remove_kernel_objects, instance_of, remove_cgroups, unmount_below
from tests.ports import free_port

ADMIN, PASSWORD = "olga", "correct horse battery staple"
_START_S = 180
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(slots=True)
class Console:
    """A running `quayside up`."""

    url: str
    data: Path
    process: subprocess.Popen[bytes]
    log: Path
    host: Daemon | None = None

    @property
    def engine_socket(self) -> Path:
        return self.data / "engine" / "docker.sock"

    @property
    def engine(self) -> Daemon:
        """The daemon behind its host `local`: the bundled engine, or the daemon that it was started beside."""
        return self.host or Daemon("engine", self.engine_socket, self.process, [], self.log)

    @property
    def host_name(self) -> str:
        return "Local" if self.host else "This machine"

    def connect(self) -> None:
        """Have the administrator add the daemon that it was started beside as the host `local`."""
        assert self.host is not None
        olga = Person(self)
        olga.sign_in()
        status, body, _ = olga.submit("/hosts/add/", {"name": self.host_name, "url": self.host.url})
        assert status == 302, (status, body[-2000:])

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until_it_says(self, words: str, timeout_s: float = _START_S) -> None:
        deadline = time.monotonic() + timeout_s
        while words not in self.output():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"the console did not say {words!r}:\n{self.output()[-4000:]}")
            time.sleep(0.05)


@contextlib.contextmanager
def running_console(folder: Path, *options: str, **environment: str) -> Iterator[Console]:
    """Start `quayside up` and wait until it says where it is; stop it and remove what it made."""
    data, log = folder / "data", folder / "console.log"
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("quayside")),
        "up",
        "--data",
        str(data),
        "--bind",
        f"127.0.0.1:{port}",
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QUAYSIDE_", "DJANGO_"))}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, *options], stdout=output, stderr=output, stdin=subprocess.DEVNULL, env={**kept, **environment}
        )
    console = Console(f"http://127.0.0.1:{port}", data, process, log)
    try:
        console.wait_until_it_says("running on")
        yield console
    finally:
        with contextlib.suppress(OSError, AssertionError):
            console.engine.remove_all_containers()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _remove_kernel_objects(data / "engine")
        unmount_below(folder)
        instance = instance_of(data / "engine")
        # Of this engine alone: another may be about to put a container into a group that is empty yet.
        remove_cgroups(f"quayside/{instance}")
        unmount_below(Path("/run/quayside") / instance)
        shutil.rmtree(Path("/run/quayside") / instance, ignore_errors=True)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object) -> None:  # type: ignore[override]
        return None


@dataclass(slots=True)
class Person:
    """A browser without scripts: cookies, forms, nothing else."""

    console: Console
    cookies: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def open(self, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies), _NoRedirect())
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self.console.url + path, data)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with opener.open(request, timeout=90) as response:
                return response.status, response.read(), dict(response.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read(), dict(error.headers)

    def submit(self, path: str, form: dict[str, str], *, to: str = "") -> tuple[int, bytes, dict[str, str]]:
        """Fill in the form on a page and send it; where a script would send it elsewhere, `to` says where."""
        token = _TOKEN.search(self.open(path)[1].decode())
        assert token is not None, f"{path} has no form"
        return self.open(to or path, {**form, "csrfmiddlewaretoken": token[1]}, Referer=self.console.url + path)

    def sign_in(self, name: str = ADMIN, password: str = PASSWORD) -> None:
        status, body, _ = self.submit("/sign-in/", {"username": name, "password": password})
        assert status == 302, (status, body[-2000:])
