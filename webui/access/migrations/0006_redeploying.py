from typing import Any

from django.db import migrations

# Whoever made a role that may do the one meant that it may do the other: it is a part of it.
_PARTS = {"container.create": "container.redeploy", "service.update": "service.redeploy"}


def add_parts(apps: Any, _schema_editor: Any) -> None:
    for role in apps.get_model("access", "CustomRole").objects.all():
        held = set(role.operations)
        parts = [part for whole, part in _PARTS.items() if whole in held and part not in held]
        if parts:
            role.operations = sorted([*role.operations, *parts])
            role.save(update_fields=["operations"])


class Migration(migrations.Migration):
    dependencies = [("access", "0005_team_leaders")]

    operations = [migrations.RunPython(add_parts, migrations.RunPython.noop)]
