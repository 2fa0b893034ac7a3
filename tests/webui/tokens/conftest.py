"""A host for the tests of tokens."""

from pathlib import Path

import pytest

from webui.hosts.models import Host


@pytest.fixture
def docks(db: None, tmp_path: Path) -> Host:
    return Host.objects.create(slug="docks", name="Docks", url=f"unix://{tmp_path}/nobody.sock")
