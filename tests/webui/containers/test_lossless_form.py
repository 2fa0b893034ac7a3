"""A form that is sent as it came changes nothing; one field that is changed changes that field alone."""

import copy
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.webui.containers.dialects.lines import LINES
from webui.containers.docker_run import parse_run_line
from webui.containers.forms import RunForm
from webui.containers.recreation import Recipe, recipe_from
from webui.containers.run_facts import HostFacts
from webui.containers.run_lines import plain

NETWORKS = ("bridge", "host", "none", "a", "b", "foo", "shop", "edge")
FACTS = HostFacts(image_sizes={"busybox:latest": 1, "localhost/busybox:latest": 1, "x:latest": 1}, networks=NETWORKS)


def _sent(text: str) -> str:
    """A text as a browser sends it, whatever ended its lines before."""
    return plain(text).replace("\n", "\r\n")


def sent_as_it_came(recipe: Recipe, **changes: Any) -> RunForm:
    """What a browser sends of the form that it was shown, with these fields changed."""
    shown = RunForm(None, facts=FACTS, recipe=recipe)
    data = QueryDict(mutable=True)
    data["switches"] = "1"
    for name in shown.fields:
        value = shown[name].value()
        assert "\n" not in str(value) or "<textarea" in str(shown[name]), f"a browser would join the lines of {name}"
        if isinstance(value, bool) or value is None:
            if value:
                data[name] = "on"
            continue
        data[name] = _sent(str(value))
    rows = {
        "port": (shown.ports, ("outside", "inside", "protocol")), "variable": (shown.variables, ("name", "value")),
        "mount": (shown.mounts, ("source", "target", "mode")),
        "network": (shown.networks, ("name", "aliases", "addresses", "mac")),
    }  # fmt: skip
    for prefix, (lines, columns) in rows.items():
        for column in columns:
            texts = [_sent(str(getattr(line, column))) for line in lines]
            data.setlist(f"{prefix}_{column}", [*texts, "tcp" if column == "protocol" else ""])
    for name, value in changes.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return RunForm(data, facts=FACTS, recipe=recipe)


@pytest.mark.parametrize("line", LINES)
def test_what_is_not_changed_stays_as_it_was(line: str) -> None:
    recipe = recipe_from(parse_run_line(line))
    before = copy.deepcopy((recipe.body, recipe.networks, recipe.platform))
    form = sent_as_it_came(recipe)
    after = form.request()
    assert (after.body, after.networks, after.platform) == before
    wrong = {name: words for name, words in form.errors.items() if name != "__all__"}
    # The engine refuses that one too.
    assert wrong == ({"swap": ["Swap is limited only with memory."]} if "--memory-swap 2GiB" in line else {}), line


ODD: dict[str, Any] = {
    "Image": "x", "Cmd": ["sh", "-c", "a\nb", ""], "Env": ["A=1\n2", "B=\r\n", "GONE", "C= x "], "Future": {"x": [1]},
    "Labels": {"a": "1\n2", "b": " "}, "Healthcheck": {"Test": ["CMD", "ok", "a b"], "Interval": 1},
    "ExposedPorts": {"7/udp": {}, "80/tcp": {}}, "MacAddress": "02:42:0a:09:00:05", "Shell": ["/bin/ash"],
    "HostConfig": {
        "NetworkMode": "shop", "Binds": ["/a:/b", f"{'f' * 64}:/c", "d:/e:ro,z"], "Later": True, "Init": False,
        "PortBindings": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}]},
        "Mounts": [{"Type": "bind", "Source": "/q", "Target": "/w", "BindOptions": {"CreateMountpoint": True}}],
        "DeviceRequests": [{"Driver": "x", "Capabilities": [["tpu"], ["gpu", "y"]]}], "Memory": 123456789,
        "MemorySwappiness": 0, "RestartPolicy": {"Name": "", "MaximumRetryCount": 0}, "MaskedPaths": ["/proc/x"],
        "LogConfig": {"Type": "json-file", "Config": {"a": "b,c"}}, "Ulimits": [{"Name": "zzz", "Soft": 1, "Hard": 2}],
        "ConsoleSize": [0, 0], "NanoCpus": 333333333, "Tmpfs": {"/t": ""}, "CpuQuota": -1, "CgroupnsMode": "host",
    },
    "NetworkingConfig": {"EndpointsConfig": {"shop": {"Aliases": ["w"], "DriverOpts": {"a": "b"}, "Links": ["x:y"]}}},
}  # fmt: skip


def test_what_no_field_can_write_is_kept_word_for_word() -> None:
    recipe = Recipe(ODD, {"edge": {"GwPriority": 7, "IPAMConfig": {"LinkLocalIPs": ["169.254.1.1"]}}})
    after = sent_as_it_came(recipe).request()
    assert (after.body, after.networks) == (ODD, recipe.networks)
    kept = RunForm(None, facts=FACTS, recipe=recipe).kept()
    for word in ("Future", "Later", "GONE", "Shell"):
        assert word in kept, word


@pytest.mark.parametrize(
    ("changes", "path", "value"),
    [
        ({"memory": "64m"}, "Memory", 64 << 20),
        ({"mount_target": ["/z"], "mount_source": ["/a"], "mount_mode": ["rw"]}, "Binds",
         ["/a:/z:rw", f"{'f' * 64}:/c", "d:/e:ro,z"]),
        ({"log_options": "a=c"}, "LogConfig", {"Type": "json-file", "Config": {"a": "c"}}),
        ({"ulimits": "zzz=1:2\r\nnofile=5:6"}, "Ulimits",
         [{"Name": "zzz", "Soft": 1, "Hard": 2}, {"Name": "nofile", "Soft": 5, "Hard": 6}]),
    ],
)  # fmt: skip
def test_a_change_changes_its_own_place_alone(changes: dict[str, Any], path: str, value: Any) -> None:
    after = sent_as_it_came(Recipe(ODD), **changes).request().body
    assert after["HostConfig"][path] == value
    assert {**after["HostConfig"], path: 0} == {**ODD["HostConfig"], path: 0}
    assert {**after, "HostConfig": 0} == {**ODD, "HostConfig": 0}


_PAIRS = st.builds("".join, st.tuples(st.text("AB_", min_size=1, max_size=3), st.text("=\n\r $\"'ü ", max_size=6)))


@settings(max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    env=st.lists(_PAIRS, max_size=4),
    labels=st.dictionaries(st.text("ab.\n=", min_size=1, max_size=4), st.text("x=\n ,", max_size=4), max_size=4),
    command=st.lists(st.text("ab \n'\"\\$", max_size=5), max_size=4),
    memory=st.integers(6 << 20, 1 << 40), cpus=st.integers(1, 10**12),
)  # fmt: skip
def test_whatever_a_container_holds_survives_a_form_that_changes_something_else(
    env: list[str], labels: dict[str, str], command: list[str], memory: int, cpus: int
) -> None:
    body = {"Image": "x", "Env": env, "Labels": labels, "Cmd": command,
            "HostConfig": {"Memory": memory, "NanoCpus": cpus}}  # fmt: skip
    after = sent_as_it_came(Recipe(copy.deepcopy(body)), hostname="other").request().body
    assert after == {**body, "Hostname": "other"}


def test_a_field_that_was_not_sent_is_not_one_that_was_emptied() -> None:
    form = RunForm(QueryDict("image=x"), facts=FACTS, recipe=Recipe(ODD))
    assert form.request().body == ODD


def test_variables_pasted_as_text_stand_in_for_rows_of_the_same_name() -> None:
    recipe = Recipe({"Image": "x", "Env": ["A=1", "B=2"], "HostConfig": {}})
    text = "# from a file\r\nexport B='two words'\r\n\r\nC=3=4"
    body = sent_as_it_came(recipe, variables_text=text).request().body
    assert body["Env"] == ["A=1", "B=two words", "C=3=4"]
