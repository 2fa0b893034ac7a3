"""Registries: names of images, and the distribution protocol (OCI distribution spec 1.1, Docker registry v2).

Knows nothing of what is on this host.
"""

from engine.registry.auth import Credentials, parse_auth_header
from engine.registry.client import Blob, RegistryClient, RegistryError, parse_document
from engine.registry.reference import Reference, parse_reference

__all__ = [
    "Blob",
    "Credentials",
    "Reference",
    "RegistryClient",
    "RegistryError",
    "parse_auth_header",
    "parse_document",
    "parse_reference",
]
