"""The exact commands by which programs use a host through the proxy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from webui.hosts.models import Host


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines to copy, with what they are for."""

    title: str
    text: str
    words: str = ""


def parts_for(host: "Host", authority: str) -> list[Part]:
    """`authority` is HOST:PORT of the proxy."""
    # docker keeps this name for itself.
    name = f"quayside-{host.slug}" if host.slug == "default" else host.slug
    folder = f"~/.docker/quayside/{host.slug}"
    home = f"$HOME/.docker/quayside/{host.slug}"
    context = (
        f"mkdir -p {folder} && unzip -o quayside-{host.slug}.zip -d {folder}\n"
        f"docker context create {name} --docker \\\n"
        f'  "host=tcp://{authority},ca={home}/ca.pem,cert={home}/cert.pem,key={home}/key.pem"\n'
        f"docker --context {name} ps"
    )
    compose = f"docker context use {name}\ndocker compose up -d"
    variables = (
        f"export DOCKER_HOST=tcp://{authority} DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH={home}\n"
        "docker version"
    )  # fmt: skip
    return [
        Part(_("2. A context of the docker CLI"), context, _("In the folder that the files were downloaded to.")),
        Part(_("Compose"), compose, _("It uses the context, as every plugin of the CLI does.")),
        Part(_("CI, Terraform and everything that reads Docker's variables"), variables),
        Part(_("docker-py"), _docker_py(host, authority)),
        Part(_("Any HTTP client, by the token's secret"), _http(host, authority, home)),
    ]


def _docker_py(host: "Host", authority: str) -> str:
    return (
        "import os, docker\n"
        f'folder = os.path.expanduser("~/.docker/quayside/{host.slug}")\n'
        "tls = docker.tls.TLSConfig(\n"
        '    client_cert=(f"{folder}/cert.pem", f"{folder}/key.pem"), ca_cert=f"{folder}/ca.pem", verify=True)\n'
        f'client = docker.DockerClient(base_url="tcp://{authority}", tls=tls)\n'
        "print(client.containers.list())"
    )


def _http(host: "Host", authority: str, home: str) -> str:
    return (
        f'curl --cacert {home}/ca.pem -H "Authorization: Bearer $QUAYSIDE_TOKEN" \\\n'
        f"  https://{authority}/h/{host.slug}/v1.41/containers/json"
    )
