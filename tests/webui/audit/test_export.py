"""The log as a file: whole, filtered as the page is, and harmless in a spreadsheet."""

import csv
import io
from typing import Any

import orjson
import pytest
from django.test import AsyncClient

from webui.accounts.models import User
from webui.audit import export
from webui.audit.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)


async def read(client: AsyncClient, url: str) -> tuple[Any, bytes]:
    response: Any = await client.get(url)
    assert response.status_code == 200
    assert response.streaming
    return response, b"".join([piece async for piece in response.streaming_content])


@pytest.fixture
async def client(olga: User) -> AsyncClient:
    asking = AsyncClient()
    await asking.aforce_login(olga)
    return asking


async def test_the_csv_has_a_line_for_each_entry_that_the_filters_leave(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_AT_ONCE", 2)
    for number in range(5):
        await Entry.objects.acreate(username="marek", operation="image.pull", target=f"i:{number}", is_allowed=True)
    await Entry.objects.acreate(username="anna", is_allowed=True)
    response, body = await read(client, "/audit/export.csv?person=marek")
    assert response.headers["Content-Disposition"].startswith('attachment; filename="quayside-audit-')
    lines = list(csv.DictReader(io.StringIO(body.decode())))
    assert [line["target"] for line in lines] == ["i:4", "i:3", "i:2", "i:1", "i:0"]
    assert await Entry.objects.filter(operation="audit.export", target="csv?person=marek").acount() == 1


@pytest.mark.parametrize("text", ["=cmd|'/c calc'!A1", "+1+2", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
async def test_no_cell_begins_a_formula(client: AsyncClient, text: str) -> None:
    await Entry.objects.acreate(username=text, message=f"a\n{text}", is_allowed=False)
    _response, body = await read(client, "/audit/export.csv?show=refused")
    cells = next(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert cells["username"] == f"'{text}"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells.values())


async def test_the_json_is_one_array(client: AsyncClient) -> None:
    await Entry.objects.acreate(username="marek", operation="image.pull", is_allowed=True, duration_ms=9)
    _response, body = await read(client, "/audit/export.json?person=marek")
    (entry,) = orjson.loads(body)
    assert (entry["username"], entry["duration_ms"], entry["is_allowed"]) == ("marek", 9, True)
    _response, nothing = await read(client, "/audit/export.json?person=nobody")
    assert orjson.loads(nothing) == []


async def test_a_streamed_file_is_not_cut_into_several_gzip_files(client: AsyncClient) -> None:
    """Browsers would keep the first of them only."""
    await Entry.objects.acreate(username="marek", is_allowed=True)
    response: Any = await client.get("/audit/export.csv?person=marek", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers
    assert b"marek" in b"".join([piece async for piece in response.streaming_content])
    page: Any = await client.get("/audit/", headers={"Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
