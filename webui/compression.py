"""Compressed answers, but for those that are streamed."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class GZipWhole(GZipMiddleware):
    """Django's, which under ASGI makes each piece of a streamed answer a gzip file of its own (RFC 1952, 2.2, allows
    several in a row); browsers read the first and drop the rest without a word.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if response.streaming else super().process_response(request, response)
