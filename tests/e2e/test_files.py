"""The files of a container in a browser: with the mouse, with keys alone, and dropped from the desktop."""

import io
import re
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

_SCRIPT = """mkdir -p /srv/many /srv/app; cd /srv; printf 'port: 80\\n' > app/conf.yaml; ln -s /srv/app link
printf x > "$(printf '<b>bad\\n\\377')"; i=0; while [ $i -lt 10000 ]; do : > many/f$i; i=$((i+1)); done
: > ready; sleep 600"""
_DROP = """([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name));
  const about = { dataTransfer: transfer, bubbles: true, cancelable: true };
  for (const type of ["dragenter", "drop"]) document.body.dispatchEvent(new DragEvent(type, about));
}"""


def _wait_for(harbour: Console, container: str, path: str) -> None:
    deadline = time.monotonic() + 90
    while harbour.engine.api("HEAD", f"/containers/{container}/archive?path={path}")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.on_peers("dockerd")
def test_files_are_browsed_edited_uploaded_downloaded_and_removed(page: Page, harbour: Console, tmp_path: Path) -> None:
    shelf = run_container(harbour, "shelf", _SCRIPT)
    _wait_for(harbour, shelf, "/srv/ready")
    files = f"/h/local/containers/{shelf}/files/"
    page.goto(f"/h/local/containers/{shelf}/")
    page.get_by_role("link", name="Files").click()
    page.get_by_role("link", name="srv", exact=True).click()
    expect(page.get_by_text("<b>bad\\n\\xff")).to_be_visible()

    # A text, through a link, with the keys of an editor.
    page.get_by_role("link", name="link", exact=True).click()
    page.get_by_role("link", name="conf.yaml", exact=True).click()
    page.wait_for_selector(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("port: 81")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator(".cm-content")).to_have_text("port: 81")

    # Files by a dialog, a folder, and one that is dropped over another of its name.
    folder = tmp_path / "site"
    (folder / "css").mkdir(parents=True)
    (folder / "index.html").write_text("hello")
    (folder / "css" / "big.css").write_bytes(b"x" * 3_000_000)
    page.goto(f"{files}?path=/srv/app")
    for kind, chosen in (("Files…", [folder / "index.html"]), ("A folder…", folder)):
        page.get_by_role("button", name="Upload").click()
        with page.expect_file_chooser() as chooser:
            page.get_by_role("menuitem", name=kind).click()
        chooser.value.set_files(chosen)
        expect(page.locator("#toasts")).to_contain_text(re.compile("file.* uploaded"))
        expect(page.locator("[data-uploading]")).to_be_hidden()
    expect(page.get_by_role("link", name="site", exact=True)).to_be_visible()
    page.evaluate(_DROP, ["index.html", "dropped"])
    expect(page.get_by_role("dialog")).to_contain_text("index.html")
    page.get_by_role("button", name="Replace 1").click()
    expect(page.locator("[data-uploading]")).to_be_hidden()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download index.html").click()
    assert saved.value.path().read_text() == "dropped"

    # A selection as zip and as tar.
    for name in ("site", "conf.yaml"):
        page.get_by_label(f"Select {name}").check()
    with page.expect_download() as saved:
        page.get_by_role("button", name="as zip").click()
    with zipfile.ZipFile(saved.value.path()) as made:
        assert {"site/css/big.css", "conf.yaml"} <= set(made.namelist())
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download as tar").click()
    with tarfile.open(saved.value.path()) as tar:
        assert {"site/css/big.css", "conf.yaml"} <= set(tar.getnames())
    page.locator("#bulk").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("dialog")).to_contain_text("folder with 3 entries in it")
    page.get_by_role("button", name="Remove 2 entries").click()
    expect(page.locator("#list-count")).to_have_text("1 entry")

    # Ten thousand of them, and one found.
    page.goto(f"{files}?path=/srv/many")
    expect(page.locator("#list-count")).to_contain_text(re.compile("10.?000"))
    assert page.locator("#rows > tr[data-id]").count() <= 200
    page.get_by_label("Filter").fill("f9999")
    expect(page.locator("#rows > tr[data-id]")).to_have_count(1)


def test_a_dropped_folder_comes_with_the_empty_ones_in_it(page: Page, harbour: Console, tmp_path: Path) -> None:
    (tmp_path / "site" / "empty" / "er").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("hello")
    dock = run_container(harbour, "dock")
    page.goto(f"/h/local/containers/{dock}/files/?path=/tmp")
    expect(page.locator("#list-count")).to_be_visible()
    browser = page.context.new_cdp_session(page)
    dragged = {"items": [], "files": [str(tmp_path / "site")], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": kind, "x": 700, "y": 500, "data": dragged})
    expect(page.locator("#toasts")).to_contain_text("1 file uploaded")
    expect(page.get_by_role("link", name="site", exact=True)).to_be_visible()
    _wait_for(harbour, dock, "/tmp/site/empty/er")


def test_a_folder_is_made_and_renamed_by_keys_alone(page: Page, harbour: Console) -> None:
    desk = run_container(harbour, "desk")
    page.goto(f"/h/local/containers/{desk}/files/?path=/tmp")
    page.get_by_role("button", name="New folder").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("drafts")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="drafts")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("m")
    page.get_by_role("menuitem", name="Rename").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("drafts")
    page.keyboard.press("Control+a")
    page.keyboard.type("a/b")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("holds no slash")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("plans")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="plans")).to_be_visible()
    expect(page.get_by_role("link", name="drafts")).to_have_count(0)


def test_modes_change_and_a_stopped_container_is_read_and_written(page: Page, harbour: Console, tmp_path: Path) -> None:
    container_id = run_container(harbour, "chest", "echo old > /tmp/note; sleep 600")
    _wait_for(harbour, container_id, "/tmp/note")
    page.goto(f"/h/local/containers/{container_id}/files/?path=/tmp")
    page.get_by_role("button", name="More for note").click()
    page.get_by_role("menuitem", name="Permissions").click()
    page.get_by_label("Others: Write").check()
    page.get_by_role("dialog").get_by_role("button").last.click()
    expect(page.locator("#rows tr", has_text="note")).to_contain_text("rw-r--rw-")

    harbour.engine.api("POST", f"/containers/{container_id}/kill")
    expect(page.locator("#head-state")).to_contain_text("exit")
    page.reload()
    expect(page.get_by_text("The container does not run.")).to_be_visible()
    page.get_by_role("link", name="note", exact=True).click()
    page.wait_for_selector(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("new")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved.")).to_be_visible()
    upload = tmp_path / "late.txt"
    upload.write_text("late")
    page.goto(f"/h/local/containers/{container_id}/files/?path=/tmp")
    page.get_by_role("button", name="Upload").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("menuitem", name="Files…").click()
    chooser.value.set_files(upload)
    expect(page.get_by_role("link", name="late.txt", exact=True)).to_be_visible()
    page.get_by_role("button", name="More for this folder").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Download this folder as tar").click()
    with tarfile.open(saved.value.path()) as tar:
        texts = {Path(one.name).name: tar.extractfile(one).read() for one in tar if one.isfile()}  # type: ignore[union-attr]
    assert texts == {"note": b"new", "late.txt": b"late"}


@pytest.mark.on_peers("dockerd")
def test_a_text_outlives_what_others_do_meanwhile(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "desk", "echo old > /tmp/note; sleep 600")
    _wait_for(harbour, container_id, "/tmp/note")
    files = f"/h/local/containers/{container_id}/files/"
    page.goto(f"{files}file/?path=/tmp/note")
    text, state = page.locator(".cm-content"), page.locator("[data-editor-state]")
    text.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("mine")
    status, said = harbour.engine.api("PUT", f"/containers/{container_id}/archive?path=/tmp", _tar("note", b"theirs"))
    assert status == 200, said
    page.keyboard.press("Control+s")
    expect(page.get_by_text("somebody has changed this file")).to_be_visible()
    expect(text).to_contain_text("mine")
    expect(text).to_be_focused()
    with page.expect_popup() as theirs:
        page.get_by_role("link", name="Look at theirs").click()
    expect(theirs.value.locator(".cm-content")).to_have_text("theirs")
    theirs.value.close()
    page.get_by_role("button", name="Save mine over theirs").click()
    expect(state).to_have_text("Saved.")
    expect(text).to_be_focused()

    # The network goes, and then the container: the text stays, and says that it is not saved.
    page.keyboard.type(" again")
    page.context.set_offline(True)
    page.keyboard.press("Control+s")
    expect(page.get_by_text("the connection broke")).to_be_visible()
    page.context.set_offline(False)
    page.keyboard.press("Control+s")
    expect(state).to_have_text("Saved.")
    harbour.engine.api("DELETE", f"/containers/{container_id}?force=1")
    expect(page.locator("#head-state")).to_contain_text("removed")
    page.keyboard.type(" late")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("this container is gone")).to_be_visible()
    expect(state).to_have_text("Not saved yet")
    expect(text).to_contain_text("late")


def _tar(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        made.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
