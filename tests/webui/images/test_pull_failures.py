"""A pull that fails says what to do, whoever's words the failure came in."""

import pytest

from webui.images.pull_failures import with_advice


@pytest.mark.parametrize(
    ("told", "advice"),
    [
        ('Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused', "Is the registry running"),
        ("dial tcp: lookup registry.nowhere on 10.0.0.1:53: no such host", "does its DNS answer"),
        ("http: server gave HTTP response to HTTPS client", "insecure registry"),
        ("x509: certificate signed by unknown authority", "authority that signed it"),
        ("toomanyrequests: You have reached your pull rate limit", "try again later"),
        ("received unexpected HTTP status: 429 Too Many Requests", "try again later"),
        ("Get http://127.0.0.1:42917/v2/: 127.0.0.1:429/a-429/b:429: unauthorized: authentication required", "sign-in"),
        ("manifest for shop/web:9 not found: manifest unknown", "name and tag"),
        ("pull access denied for shop/web, repository does not exist or may require 'docker login'", "sign-in"),
        ("write /var/lib/x: no space left on device", "disk is full"),
    ],
)
def test_what_to_do_follows_from_the_words(told: str, advice: str) -> None:
    assert with_advice(told).startswith(told)
    assert advice in with_advice(told)


def test_words_that_nobody_knows_stay_as_they_are() -> None:
    assert with_advice("something else") == "something else"
