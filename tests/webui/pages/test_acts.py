import json
import re

from django.test import RequestFactory

from tests.webui.pages.conftest import Boat
from webui.pages import Action, Outcome, Preview, PreviewLine, go, outcome, preview
from webui.pages.templatetags.quayside import row_actions

ACTIONS = (
    Action("look", "Look", "eye", "boat.look", is_icon=True, href_name="look"),
    Action("launch", "Launch", "player-play", "boat.launch", is_icon=True, shown_when=lambda boat: not boat.is_out),
    Action("sink", "Sink", "trash", "boat.sink", is_danger=True, previews=True),
)


def test_a_row_shows_what_fits_its_state_and_a_menu_with_the_rest() -> None:
    cell = row_actions(ACTIONS, Boat("Ada"))
    assert 'href="/look/Ada/"' in cell
    assert 'data-act="launch"' in cell
    assert 'aria-haspopup="menu"' in cell
    assert "Sink…" in cell
    assert "launch" not in row_actions(ACTIONS, Boat("Ada", is_out=True))


def test_a_row_carries_no_htmx_so_it_can_come_by_websocket() -> None:
    assert "hx-" not in row_actions(ACTIONS, Boat("Ada"))


def test_every_button_of_a_row_says_what_it_does_to_which_row() -> None:
    assert 'aria-label="Launch Ada"' in row_actions(ACTIONS, Boat("Ada"))


def test_a_hostile_name_stays_text() -> None:
    cell = row_actions(ACTIONS, Boat('"><img src=x onerror=alert(1)>'))
    assert "<img" not in cell


def test_what_the_menu_of_a_row_holds_stands_in_its_button() -> None:
    cell = row_actions((Action("rename", "O'Hara's <b> & \"more\"", "pencil", "boat.rename"),), Boat("Ada"))
    held = re.search(r"data-items='([^'&<>]*)'", cell)
    assert held is not None
    assert json.loads(held[1]) == [{"act": "rename", "words": "O'Hara's <b> & \"more\"", "icon": "pencil"}]


def test_failures_are_named_one_by_one_with_their_reason(rf: RequestFactory) -> None:
    outcomes = [Outcome("1", "Ada", is_done=True), Outcome("2", "Bea", is_done=False, message="port 8080 is taken")]
    response = outcome(rf.post("/act/"), outcomes, done="Launched")
    text = response.content.decode()
    assert "Launched Ada" in text
    assert "<b>Bea</b>: port 8080 is taken" in text
    assert response.headers["HX-Retarget"] == "#toasts"
    assert json.loads(response.headers["HX-Trigger"])["acted"] == {"failed": {"2": "port 8080 is taken"}, "done": ["1"]}


def test_a_header_survives_words_of_any_language(rf: RequestFactory) -> None:
    response = outcome(
        rf.post("/act/"), [Outcome("1", "Ada", is_done=False, message="kein Platz, größer")], done="Launched"
    )
    assert json.loads(response.headers["HX-Trigger"])["acted"]["failed"]["1"] == "kein Platz, größer"


def test_many_names_become_a_number(rf: RequestFactory) -> None:
    outcomes = [Outcome(str(n), f"boat-{n}", is_done=True) for n in range(12)]
    assert "boat-0 and 11 more" in outcome(rf.post("/act/"), outcomes, done="Launched").content.decode()


def test_a_preview_shows_what_goes_and_confirms_exactly_that(rf: RequestFactory) -> None:
    lines = [PreviewLine("Ada", "is old", "31 MB"), PreviewLine("<Bea>", "is older", "28 MB")]
    what = Preview(
        "Sink 2 boats", "Counted just now.", lines, "Sink 2 boats", "sink", ["1", "2"], "/act/", kept="Kept: the pier."
    )
    response = preview(rf.post("/act/"), what)
    text = response.content.decode()
    assert response.headers["HX-Retarget"] == "#dialog"
    assert "&lt;Bea&gt;" in text
    assert "Kept: the pier." in text
    assert text.count('name="id"') == 2
    assert 'name="confirmed" value="1"' in text


def test_a_preview_of_nothing_cannot_be_confirmed(rf: RequestFactory) -> None:
    text = preview(rf.post("/act/"), Preview("Sink", "", [], "Sink 0 boats", "sink", [], "/act/")).content.decode()
    assert "disabled>Sink 0 boats" in text


def test_going_elsewhere_works_for_scripts_and_for_plain_forms(rf: RequestFactory) -> None:
    assert go(rf.post("/act/", headers={"HX-Request": "true"}), "/boats/").headers["HX-Redirect"] == "/boats/"
    assert go(rf.post("/act/"), "/boats/").headers["Location"] == "/boats/"


def test_an_act_that_ends_on_another_page_goes_there_only_when_all_was_done(rf: RequestFactory) -> None:
    request = rf.post("/act/", headers={"HX-Request": "true"})
    done, failed = Outcome("1", "Ada", is_done=True), Outcome("2", "Bea", is_done=False, message="no")
    assert outcome(request, [done], done="Sunk", next_url="/boats/").headers["HX-Redirect"] == "/boats/"
    assert "HX-Redirect" not in outcome(request, [done, failed], done="Sunk", next_url="/boats/").headers
