"""Sorting, counting, grouping and folding containers."""

from webui.containers.listing import SORTS, UPDATES, Heading, Query, heading_id, items_of, query_of, sifted
from webui.containers.page import Meters, listed, meters_of
from webui.containers.rows import Condition, ContainerRow, row_of
from webui.live import Figure
from webui.live.figures import keep_figures
from webui.resources import natural

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
    return [row.name for row in sifted(ROWS, Query(**query)).chosen]  # type: ignore[arg-type]


def laid_out(**query: object) -> list[str]:
    asked = Query(**query)  # type: ignore[arg-type]
    items = items_of(sifted(ROWS, asked).chosen, asked)
    return [f"[{item.group}]" if isinstance(item, Heading) else item.name for item in items]


def test_names_sort_as_people_count() -> None:
    assert names() == ["ended", "etl", "grafana", "scratch", "web-2", "web-10"]
    assert names(sort="-name") == ["web-10", "web-2", "scratch", "grafana", "etl", "ended"]


def test_sorting_by_state_brings_trouble_first() -> None:
    assert names(sort="state")[:2] == ["grafana", "etl"]


def test_grouped_by_stack_those_without_one_come_last() -> None:
    assert laid_out(group="stack") == [
        "[monitoring]", "grafana", "[shop]", "web-2", "web-10", "[]", "ended", "etl", "scratch",
    ]  # fmt: skip


def test_without_a_single_stack_there_are_no_headings() -> None:
    assert laid_out(group="stack", text="scratch") == ["scratch"]


def test_a_folded_group_keeps_its_heading_and_its_count() -> None:
    query = Query(group="stack", toggled=frozenset({heading_id("shop")}))
    items = items_of(sifted(ROWS, query).chosen, query)
    [shop] = [item for item in items if isinstance(item, Heading) and item.group == "shop"]
    assert not shop.is_open
    assert len(shop.members) == 2
    assert "web-2" not in [item.name for item in items if isinstance(item, ContainerRow)]


def test_all_folded_what_is_toggled_is_open() -> None:
    assert laid_out(group="stack", is_folded=True, toggled=frozenset({heading_id("shop")})) == [
        "[monitoring]", "[shop]", "web-2", "web-10", "[]",
    ]  # fmt: skip


def test_a_chip_and_a_text_narrow_together() -> None:
    assert names(show=Condition.RUNNING, text="shop") == ["web-2", "web-10"]
    assert names(show=Condition.STOPPED, text="shop") == []


def test_counts_add_up_to_the_total_and_follow_the_text() -> None:
    found = sifted(ROWS, Query()).counts
    assert sum(found[condition] for condition in Condition) == len(ROWS)
    assert found[Condition.RUNNING] == 2
    narrowed = sifted(ROWS, Query(text="grafana", show=Condition.STOPPED)).counts
    assert {name for name, count in narrowed.items() if count} == {Condition.UNHEALTHY}


def test_newer_images_have_a_chip_of_their_own_beside_the_conditions() -> None:
    rows = [*ROWS, row_of({"Id": "9" * 64, "State": "running"}, seen_at=NOW, has_update=True)]
    assert sifted(rows, Query()).counts[UPDATES] == 1
    assert [row.id[:1] for row in sifted(rows, Query(show=UPDATES)).chosen] == ["9"]


def test_a_query_string_that_makes_no_sense_still_shows_a_list() -> None:
    assert query_of({"show": "purple", "sort": "-nothing", "group": "x"}) == Query(group="stack")
    assert query_of({"show": "failing", "sort": "-age", "q": " a "}).show == Condition.FAILING
    assert query_of({"group": "none"}).group == ""
    assert query_of({"group": "folded", "fold": "g-1,g-2"}).group_choice == "folded"


def test_natural_order_does_not_choke_on_mixed_names() -> None:
    assert sorted(["b", "1", "a2", "a10", "a", "2b"], key=natural) == ["1", "2b", "a", "a2", "a10", "b"]


def test_a_search_leaves_rows_in_the_order_that_sorting_what_it_found_gives() -> None:
    for sort in (*SORTS, *(f"-{name}" for name in SORTS)):
        for group in ("stack", "none"):
            for text in ("web", "state:running", "!state:running", "e"):
                found = listed("docks", ROWS, Meters(), {"sort": sort, "group": group, "q": text})
                assert found.chosen, text
                assert found.chosen == sifted(ROWS, found.query).chosen, (sort, group, text)


def test_who_may_not_see_stats_is_shown_none_and_nothing_is_ordered_by_them() -> None:
    keep_figures("meters", {ROWS[0].id: Figure(90.0, 1, 1)})
    assert meters_of("meters", may_stats=True).calm[ROWS[0].id].cpu == 90
    assert meters_of("meters", may_stats=False) == Meters()
    found = listed("meters", ROWS, Meters(), {"sort": "cpu", "group": "none"})
    assert [row.name for row in found.chosen] == names(sort="name", group="")
