from webui.dashboard.finding import names_of, rank
from webui.live import Picture


def test_the_very_name_comes_before_names_that_begin_with_it_and_those_before_the_rest() -> None:
    names = ["my-web", "web", "cobweb", "web-1"]
    assert sorted(names, key=lambda name: rank(name, "web")) == ["web", "web-1", "my-web", "cobweb"]


def test_what_does_not_hold_the_text_is_not_found() -> None:
    assert rank("database", "web") is None


def test_upper_case_makes_no_difference() -> None:
    assert rank("Web", "web") == 0


def test_images_are_found_by_each_of_their_tags_and_containers_by_name() -> None:
    picture = Picture(
        "pier",
        containers={"c0ffee" * 10: {"Id": "c0ffee" * 10, "Names": ["/web"]}},
        images={"sha256:abc": {"RepoTags": ["busybox:latest", "busybox:1"]}, "sha256:def": {"RepoTags": None}},
    )
    assert list(names_of(picture, "containers")) == [("web", "c0ffeec0ffee")]
    assert [name for name, _key in names_of(picture, "images")] == ["busybox:latest", "busybox:1"]
