"""Addresses and names of images as people write them."""

import pytest

from webui.registries.names import HUB, ImageName, address_of, image_name, is_within, namespace_of, server_of, url_of


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("nginx", ImageName(HUB, "library/nginx")),
        ("nginx:1.27", ImageName(HUB, "library/nginx", "1.27")),
        ("shop/web:4", ImageName(HUB, "shop/web", "4")),
        ("index.docker.io/shop/web", ImageName(HUB, "shop/web")),
        ("registry-1.docker.io/nginx", ImageName(HUB, "library/nginx")),
        ("ghcr.io/shop/web:4", ImageName("ghcr.io", "shop/web", "4")),
        ("localhost/web", ImageName("localhost", "web")),
        ("10.0.0.5:5000/shop/web:4@sha256:0f", ImageName("10.0.0.5:5000", "shop/web", "4")),
        ("ghcr.io/shop/web:", ImageName("ghcr.io", "shop/web")),
        ("[fd00::1]:5000/web", ImageName("[fd00::1]:5000", "web")),
    ],
)
def test_a_reference_names_a_registry_a_repository_and_a_tag(reference: str, name: ImageName) -> None:
    assert image_name(reference) == name


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("ghcr.io", "ghcr.io"),
        ("https://GHCR.io/v2/", "ghcr.io"),
        ("https://index.docker.io/v1/", HUB),
        ("registry-1.docker.io", HUB),
        ("hub.docker.com", HUB),
        ("localhost:5000", "localhost:5000"),
        ("localhost", "localhost"),
        ("[fd00::1]:5000", "[fd00::1]:5000"),
    ],
)
def test_an_address_is_what_images_name(typed: str, address: str) -> None:
    assert address_of(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ghcr.io/shop",
        "user:pass@ghcr.io",
        "ghcr.io:0",
        "ghcr.io:70000",
        "shop",
        "a b.c",
        "[::zz]:5",
        "x.io?a",
        "-.io",
    ],
)
def test_what_is_no_address_is_said(typed: str) -> None:
    with pytest.raises(ValueError, match=r"Give a name|Docker would take"):
        address_of(typed)


def test_a_folder_holds_what_lies_below_it() -> None:
    assert namespace_of(" /shop/tools/ ") == "shop/tools"
    assert is_within("shop/web", "shop")
    assert is_within("anything", "")
    assert not is_within("shopping/web", "shop")
    with pytest.raises(ValueError, match="small letters"):
        namespace_of("Shop")


def test_docker_hub_is_asked_elsewhere_than_its_images_say() -> None:
    assert url_of(HUB, "/v2/", is_plain=False) == "https://registry-1.docker.io/v2/"
    assert server_of(HUB) == "https://index.docker.io/v1/"
    assert server_of("ghcr.io") == "ghcr.io"
