"""What a list says when its host does not answer: it shows what the host had, and from when that is."""

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from webui.live import Picture
from webui.pages import Empty


def stale_words(picture: Picture, host_name: str) -> str:
    """The banner's words; "" where all is well."""
    if picture.is_up:
        return ""
    shown = _("Nothing is known of it yet.")
    if picture.seen_at:
        seen = timezone.localtime(picture.seen_at).strftime("%Y-%m-%d %H:%M:%S")
        shown = _("Shown is what it had at %s.") % seen
    if not picture.error:
        return _("%(host)s has not answered yet. %(shown)s") % {"host": host_name, "shown": shown}
    error = picture.error if picture.error.endswith((".", "?", "!")) else f"{picture.error}."
    if not error.startswith(host_name):
        error = _("%(host)s cannot be reached: %(error)s") % {"host": host_name, "error": error}
    return f"{error} {shown}"


def stale_html(words: str) -> str:
    return render_to_string("resources/_stale.html", {"stale": words})


def note_of(picture: Picture) -> str:
    """The word before a list's count: whether what is shown follows the host."""
    return _("live") if picture.is_up else _("not live")


def unknown(picture: Picture) -> Empty | None:
    """The empty state of a host that nothing is known of; None where its lists are known, also as empty ones."""
    if picture.is_up or picture.seen_at:
        return None
    return Empty(
        "plug-connected-x", _("Nothing is known of this host yet"), _("Its lists appear here as soon as it answers.")
    )
