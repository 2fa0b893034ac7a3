"""What the Content-Security-Policy would refuse and hx-csp would strip is found here, before a browser finds it."""

import re
from pathlib import Path

import pytest

from webui.pages.assets import DIST, asset_url, imports_of, manifest
from webui.pages.icons import DRAWN
from webui.pages.shell import EVERYWHERE, MENU

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TAG = re.compile(r"<[a-zA-Z][\w-]*(?:[^<>{%]|\{[{%].*?[}%]\}|\{|%)*?>", re.DOTALL)


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=_named)
def test_no_template_has_inline_styles_scripts_or_handlers(path: Path) -> None:
    for tag in TAG.findall(path.read_text()):
        assert not re.search(r"\sstyle=", tag), tag
        assert not re.search(r"\son[a-z]+=", tag), tag
        assert not re.search(r"\shx-(on|vals=.js)", tag), tag
        assert not tag.startswith("<script") or "nonce=" in tag, tag


@pytest.mark.parametrize("path", TEMPLATES, ids=_named)
def test_every_element_with_htmx_carries_the_nonce(path: Path) -> None:
    for tag in TAG.findall(path.read_text()):
        if re.search(r"\shx-(?!ignore|nonce|morph)", tag):
            assert "{% nonce %}" in tag, tag


@pytest.mark.parametrize("item", [*MENU, *EVERYWHERE], ids=lambda item: item.name)
def test_every_entry_of_the_menu_has_an_icon_in_the_sprite(item: object) -> None:
    sprite = (DIST / manifest()["icons.svg"]).read_text()
    assert f'id="{item.icon}"' in sprite  # type: ignore[attr-defined]


def test_each_icon_that_style_draws_is_in_the_stylesheet() -> None:
    sheet = (DIST / manifest()["app.css"]).read_text()
    rules = dict(
        re.findall(r"\.drawn-([a-z0-9-]+)\s*\{\s*--icon:\s*url\(['\"]data:image/svg\+xml[,;](.*?</svg>)", sheet)
    )
    assert rules.keys() == DRAWN
    assert len(set(rules.values())) == len(DRAWN)


def test_built_files_carry_their_hash_so_that_browsers_may_keep_them() -> None:
    for name in ("app.js", "app.css", "first.js", "icons.svg", "inter-latin-wght-normal.woff2"):
        assert re.search(r"-[A-Z0-9]{8}\.", asset_url(name)), name


def test_a_page_costs_less_than_200_kb_before_its_own_markup() -> None:
    # As sent: brotli where it was made, fonts as they are. The rest of the budget is the markup of a hundred rows.
    names = (
        "app.js",
        "app.css",
        "first.js",
        "icons.svg",
        "logo.svg",
        "inter-latin-wght-normal.woff2",
        "jetbrains-mono-latin-wght-normal.woff2",
    )
    files = [DIST / manifest()[name] for name in names] + [
        DIST / url.rsplit("/", 1)[-1] for url in imports_of("app.js")
    ]
    sent = [Path(f"{file}.br") if Path(f"{file}.br").exists() else file for file in files]
    assert sum(file.stat().st_size for file in sent) < 150_000
