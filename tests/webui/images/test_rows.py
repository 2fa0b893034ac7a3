"""How Docker's image list reads as rows."""

import pytest

from webui.images.forms import PullForm
from webui.images.reference import is_reference, listed_name
from webui.images.rows import ImageRow, Use, counts, image_rows, query_of, selected, shortened

CONTAINERS = [
    {"Id": "c1", "Names": ["/web-1"], "ImageID": "sha256:aa", "State": "running"},
    {"Id": "c2", "Names": ["/web-2"], "ImageID": "sha256:aa", "State": "exited"},
]
IMAGES = [
    {"Id": "sha256:aa", "RepoTags": ["shop/web:2", "shop/web:latest"], "RepoDigests": [], "Size": 30, "Created": 10},
    {"Id": "sha256:bb", "RepoTags": ["busybox:latest"], "RepoDigests": None, "Size": 20, "Created": 20},
    {"Id": "sha256:cc", "RepoTags": ["<none>:<none>"], "RepoDigests": ["shop/web@sha256:99"], "Size": 40, "Created": 5},
    {"Id": "sha256:dd", "RepoTags": None, "RepoDigests": None, "Size": 1, "Created": 1},
]


def rows(**params: str) -> list[ImageRow]:
    return selected(image_rows(IMAGES, CONTAINERS), query_of(params))


def test_each_image_says_what_uses_it() -> None:
    used, unused, dangling, _nameless = image_rows(IMAGES, CONTAINERS)
    assert (used.use, used.use_words, used.running) == (Use.USED, "2 containers", 1)
    assert (unused.use, unused.use_words) == (Use.UNUSED, "no container")
    assert (dangling.use, dangling.name) == (Use.DANGLING, "shop/web")


def test_an_image_without_any_name_is_called_by_its_id() -> None:
    assert image_rows(IMAGES, [])[3].name == "sha256:dd"


def test_counts_add_up() -> None:
    assert counts(image_rows(IMAGES, CONTAINERS)) == {"used": 1, "unused": 1, "dangling": 2}


def test_sorting_and_filtering() -> None:
    assert [row.size_bytes for row in rows(sort="-size")] == [40, 30, 20, 1]
    assert [row.name for row in rows(q="web-2")] == ["shop/web:2"]
    assert [row.name for row in rows(show="unused")] == ["busybox:latest"]


def test_names_are_shortened_for_the_eye() -> None:
    assert shortened("docker.io/library/nginx:1") == "nginx:1"
    assert shortened("a@sha256:" + "9c1f2a33" * 8) == "a@sha256:9c1f2a33…"


@pytest.mark.parametrize("text", ["nginx", "nginx:1.27", "localhost:5000/a/b_c:x", "ghcr.io/o/n@sha256:" + "a" * 64])
def test_references_as_people_write_them(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize("text", ["", "Nginx", "a b", "a//b", "a:", "-a", "a:b:c", "héllo"])
def test_what_is_no_reference(text: str) -> None:
    assert not is_reference(text)


def test_docker_lists_images_under_their_short_name_with_a_tag() -> None:
    assert [listed_name(name) for name in ("busybox", "docker.io/o/n:1", "localhost:5000/app")] == [
        "busybox:latest", "o/n:1", "localhost:5000/app:latest",
    ]  # fmt: skip


def test_the_pull_form_takes_what_people_paste() -> None:
    form = PullForm({"reference": " docker pull nginx:1.27 "})
    assert form.is_valid()
    assert form.params() == {"reference": "nginx:1.27"}


def test_the_pull_form_offers_the_name_in_small_letters() -> None:
    form = PullForm({"reference": "Nginx"})
    assert not form.is_valid()
    assert "Try nginx." in form.errors["reference"][0]
