"""Forgetting who owned what is no more: a name that comes again is then nobody's. Scheduled every ten minutes."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from celery import shared_task
from django.utils import timezone
from docker.errors import APIError, DockerException
from requests import RequestException

from webui.gate import HostUnreachable, docker_client, system_actor
from webui.hosts.models import Host
from webui.ownership.changes import sweep
from webui.ownership.kinds import Kind, parents_of, thing_of
from webui.ownership.models import Owned
from webui.ownership.quotas import forget_gone

logger = logging.getLogger(__name__)

_LOOK_S: Final = 20


@shared_task(name="ownership.sweep", ignore_result=True)
def sweep_all() -> None:
    """Ask each host on which something is owned what is there. One that does not answer keeps everything as it is."""
    for host in Host.objects.filter(owned__is_gone=False).distinct():
        asked_at = timezone.now()
        try:
            there = dict(_there(host))
        except (HostUnreachable, APIError, DockerException, RequestException) as error:
            logger.info("what is gone from %s is not known: %s", host.slug, error)
            continue
        forget_gone(host.pk, there[Kind.CONTAINER] | there[Kind.VOLUME] | _services(host))
        for kind, keys in there.items():
            sweep(host.pk, kind, keys, before=asked_at)
    Owned.objects.filter(is_gone=True, changed_at__lt=timezone.now() - timedelta(days=1)).delete()


def _services(host: Host) -> set[str]:
    """The ids of its services. One that manages no swarm now says nothing of them: then those that are known stay."""
    client = docker_client(system_actor(), host, timeout_s=_LOOK_S)
    try:
        api: Any = client.api
        return {str(one["ID"]) for one in api.services()}
    except (HostUnreachable, APIError, DockerException, RequestException) as error:
        logger.info("the services of %s are not known: %s", host.slug, error)
        return set(Owned.objects.filter(host=host, kind=Kind.SERVICE, is_gone=False).values_list("key", flat=True))
    finally:
        client.close()


def _there(host: Host) -> Iterator[tuple[Kind, set[str]]]:
    """The keys of everything on a host, kind by kind; a stack is there for as long as anything is labelled with it."""
    client = docker_client(system_actor(), host, timeout_s=_LOOK_S)
    try:
        api: Any = client.api
        lists = {
            Kind.CONTAINER: api.containers(all=True), Kind.NETWORK: api.networks(),
            Kind.VOLUME: api.volumes()["Volumes"] or [], Kind.IMAGE: api.images(),
        }  # fmt: skip
    finally:
        client.close()
    stacks: set[str] = set()
    for kind, raws in lists.items():
        things = [thing_of(kind, raw) for raw in raws]
        stacks |= {name for thing in things for sort, name in parents_of(thing.labels) if sort is Kind.STACK}
        yield kind, {key for thing in things for key in thing.keys}
    # A stack of a swarm may have nothing on this node.
    if not Owned.objects.filter(host=host, kind=Kind.SERVICE, is_gone=False).exists():
        yield Kind.STACK, stacks
