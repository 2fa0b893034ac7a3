"""Filtering, sorting and counting containers."""

from webui.containers.listing import counts, query_of, selected
from webui.containers.rows import Condition, ContainerRow, row_of
from webui.resources import ListQuery, natural

NOW = 1_800_000_000.0


def row(name: str, *, status: str = "Up 6 days", state: str = "running", **more: object) -> ContainerRow:
    raw = {"Id": f"{abs(hash(name)):064x}"[:64], "Names": [f"/{name}"], "Image": "busybox", "State": state,
           "Status": status, "Created": NOW, **more}  # fmt: skip
    return row_of(raw, seen_at=NOW)


def compose(stack: str, **labels: str) -> dict[str, str]:
    return {"com.docker.compose.project": stack, **labels}


ROWS = [
    row("web-10", Labels=compose("shop", tier="Front"), Image="shop/web:4.12.0",
        Ports=[{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}]),
    row("web-2", Labels=compose("shop"), Image="shop/web:4.12.0"),
    row("scratch", state="created", status="Created", Image="debian:12-slim"),
    row("grafana", status="Up 12 days (unhealthy)", Labels=compose("monitoring"),
        Mounts=[{"Type": "volume", "Name": "dashboards", "Destination": "/d"}]),
    row("etl", state="restarting", status="Restarting (1) 5 seconds ago",
        NetworkSettings={"Networks": {"edge": {}}}),
    row("ended", state="exited", status="Exited (0) 2 days ago"),
]  # fmt: skip


def names(**query: object) -> list[str]:
    return [row.name for row in selected(ROWS, ListQuery(**query))]  # type: ignore[arg-type]


def test_names_sort_as_people_count() -> None:
    assert names() == ["ended", "etl", "grafana", "scratch", "web-2", "web-10"]
    assert names(sort="-name") == ["web-10", "web-2", "scratch", "grafana", "etl", "ended"]


def test_sorting_by_state_brings_trouble_first() -> None:
    assert names(sort="state")[:2] == ["grafana", "etl"]


def test_grouped_by_stack_those_without_one_come_last() -> None:
    grouped = [row.name for row in selected(ROWS, ListQuery(grouped=True))]
    assert grouped == ["grafana", "web-2", "web-10", "ended", "etl", "scratch"]


def test_a_chip_and_a_text_narrow_together() -> None:
    assert names(show=Condition.RUNNING, text="shop") == ["web-2", "web-10"]
    assert names(show=Condition.STOPPED, text="shop") == []


def test_every_word_must_match() -> None:
    assert names(text="web 10") == ["web-10"]
    assert names(text="SHOP web-2") == ["web-2"]


def test_keys_ask_about_one_thing() -> None:
    assert names(text="label=tier") == ["web-10"]
    assert names(text="label=tier=front") == ["web-10"]
    assert names(text="label=tier=back") == []
    assert names(text="port=8080") == ["web-10"]
    assert names(text="port=80") == ["web-10"]
    assert names(text="network=edge") == ["etl"]
    assert names(text="volume=dashboards") == ["grafana"]
    assert names(text="stack=shop !name=10") == ["web-2"]
    assert names(text="state=unhealthy") == ["grafana"]


def test_an_unknown_key_is_just_a_word() -> None:
    assert names(text="colour=red") == []


def test_counts_add_up_to_the_total_and_follow_the_text() -> None:
    assert sum(counts(ROWS).values()) == len(ROWS)
    assert counts(ROWS)[Condition.RUNNING] == 2
    assert counts(ROWS, "grafana") == {
        Condition.UNHEALTHY: 1, Condition.FAILING: 0, Condition.RUNNING: 0, Condition.PAUSED: 0, Condition.STOPPED: 0,
    }  # fmt: skip


def test_a_query_string_that_makes_no_sense_still_shows_a_list() -> None:
    assert query_of({"show": "purple", "sort": "-nothing", "group": "x"}) == ListQuery(grouped=False)
    assert query_of({"show": "failing", "sort": "-age", "q": " a "}).show == Condition.FAILING


def test_natural_order_does_not_choke_on_mixed_names() -> None:
    assert sorted(["b", "1", "a2", "a10", "a", "2b"], key=natural) == ["1", "2b", "a", "a2", "a10", "b"]
