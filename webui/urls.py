"""Where every page is. Each view says what it needs; a start-up check refuses those that do not."""

from django.urls import include, path
from django.views.i18n import JavaScriptCatalog

from webui.access import public
from webui.pages.assets import favicon

urlpatterns = [
    # First what is opened most: Django tries the patterns in turn.
    path("h/<slug:host>/containers/", include("webui.containers.urls")),
    path("words.js", public(JavaScriptCatalog.as_view()), name="words"),
    path("favicon.ico", favicon),
    path("", include("webui.dashboard.urls")),
    path("", include("webui.accounts.urls")),
    path("", include("webui.factors.urls")),
    path("", include("webui.signin.urls")),
    path("", include("webui.hosts.urls")),
    path("", include("webui.teams.urls")),
    path("", include("webui.tokens.urls")),
    path("", include("webui.ownership.urls")),
    path("audit/", include("webui.audit.urls")),
    path("jobs/", include("webui.jobs.urls")),
    path("registries/", include("webui.registries.urls")),
    path("containers/", include("webui.containers.everywhere_urls")),
    path("h/<slug:host>/images/", include("webui.images.urls")),
    path("h/<slug:host>/volumes/", include("webui.volumes.urls")),
    path("h/<slug:host>/networks/", include("webui.networks.urls")),
    path("h/<slug:host>/logs/", include("webui.history.urls")),
]

handler400 = "webui.pages.errors.bad_request"
handler403 = "webui.pages.errors.forbidden"
handler404 = "webui.pages.errors.not_found"
handler500 = "webui.pages.errors.broken"
