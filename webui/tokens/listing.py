"""A list of tokens: columns, rows, and the words for what one may do."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from webui.pages import Action, Column, Preview, PreviewLine, State

if TYPE_CHECKING:
    from webui.tokens.models import Token

COLUMNS: Final = (
    Column("name", gettext_lazy("Token"), width="xl"),
    Column("state", gettext_lazy("Last used"), width="xl"),
    Column("may", gettext_lazy("May")),
    Column("on", gettext_lazy("On"), hides_below="narrow"),
    Column("until", gettext_lazy("Until"), width="m", hides_below="narrow"),
)
REVOKE: Final = Action("revoke", gettext_lazy("Revoke"), "ban", "", is_bulk=True, is_danger=True, previews=True)


def rows_of(tokens: "Iterable[Token]") -> list[str]:
    """`tokens` with their `hosts` fetched."""
    return [
        render_to_string(
            "tokens/_row.html",
            {"token": token, "state": state_of(token), "may": may_words(token), "on": on_words(token),
             "actions": [REVOKE]},
        )
        for token in tokens
    ]  # fmt: skip


def state_of(token: "Token") -> State:
    """ "over since 3 Nov", "never used", "4 min ago from 10.0.0.7 by Docker-Client/28.2.2"."""
    if token.is_over:
        return State(_("over: it works no longer"), "off")
    if token.used_at is None:
        return State(_("never used"), "off")
    return State(_("used from %s") % (token.used_from or "?"), "good")


def may_words(token: "Token") -> str:
    if token.access != token.Access.CHOSEN:
        return {"read": _("look"), "everything": _("everything that its person may")}[token.access]
    count = len(token.operations)
    shown = ", ".join(token.operations[:3])
    return shown if count <= 3 else _("%(shown)s and %(n)d more") % {"shown": shown, "n": count - 3}


def on_words(token: "Token") -> str:
    if token.is_for_every_host:
        return _("every host")
    return ", ".join(host.name for host in token.hosts.all()) or _("no host any more")


def revocation(tokens: "list[Token]", url: str) -> Preview:
    count = len(tokens)
    words = ngettext("Revoke %d token", "Revoke %d tokens", count) % count
    return Preview(
        title=words,
        intro=_("What uses it is refused from now on, and what is open by it ends within seconds."),
        lines=[PreviewLine(token.name, _last_words(token)) for token in tokens],
        columns=(_("Token"), _("Last used"), ""),
        do=words,
        action="revoke",
        item_ids=[str(token.pk) for token in tokens],
        url=url,
        kept=_("Kept: its person, and every other token of theirs."),
    )


def _last_words(token: "Token") -> str:
    if token.used_at is None:
        return _("never")
    moment = timezone.localtime(token.used_at).strftime("%-d %b %H:%M")
    return _("%(when)s from %(where)s") % {"when": moment, "where": token.used_from or "?"}
