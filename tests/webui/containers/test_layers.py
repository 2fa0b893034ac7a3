"""Changes as a tree, and the history of an image in the words of its Dockerfile."""

from webui.containers.layers import MOST_CHANGES, changes_of, layers_of


def test_changes_are_a_tree_with_their_kinds() -> None:
    found = changes_of(
        [{"Path": "/etc", "Kind": 0}, {"Path": "/etc/new", "Kind": 1}, {"Path": "/var/lib/old", "Kind": 2}]
    )
    assert [(str(word), count) for word, _tone, count in found.counts] == [
        ("added", 1), ("changed", 1), ("deleted", 1),
    ]  # fmt: skip
    html = str(found.tree)
    assert html.index("etc/") < html.index(">new<") < html.index("var/") < html.index("lib/") < html.index(">old<")
    assert html.count("<details") == 3


def test_nothing_changed_is_null_to_docker() -> None:
    assert changes_of(None).total == 0


def test_a_name_from_a_container_is_escaped() -> None:
    assert "<b>" not in changes_of([{"Path": "/<b>x", "Kind": 1}]).tree


def test_what_is_left_out_is_counted() -> None:
    many = [{"Path": f"/f{number}", "Kind": 1} for number in range(MOST_CHANGES + 3)]
    found = changes_of(many)
    assert (found.total, found.left_out) == (MOST_CHANGES + 3, 3)


def test_history_reads_as_a_dockerfile() -> None:
    history = [
        {"CreatedBy": '/bin/sh -c #(nop)  CMD ["nginx"]', "Size": 0},
        {"CreatedBy": "/bin/sh -c apt-get update", "Size": 7, "Tags": ["a:1"]},
        {"CreatedBy": "COPY . /app # buildkit", "Size": 5},
    ]
    assert [layer.created_by for layer in layers_of(history)] == [
        'CMD ["nginx"]', "RUN apt-get update", "COPY . /app # buildkit",
    ]  # fmt: skip
