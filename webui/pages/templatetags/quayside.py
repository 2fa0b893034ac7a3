"""The tags and filters that templates load: `{% load quayside %}`."""

import functools
from collections.abc import Sequence
from typing import Any

from django import template
from django.forms import BoundField, Form
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from webui.pages import assets, formats, icons
from webui.pages.assets import asset_url, has_asset, imports_of
from webui.pages.declarations import Action, Outcome, State
from webui.pages.row_acts import acts_cell

register = template.Library()
register.filter("bytes", formats.size)
register.filter("ago", formats.ago)
register.filter("clock", formats.clock)
register.filter("short_image", formats.short_image)
register.filter("initials", formats.initials)


@register.filter
def span(seconds: float) -> str:
    return formats.span(seconds)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    return icons.icon(name, label)


@register.simple_tag
def asset(name: str) -> str:
    return asset_url(name)


@register.simple_tag
def asset_text(name: str) -> SafeString:
    """A small script of our own build, to stand inside the page."""
    return SafeString(assets.asset_text(name))


@register.simple_tag(takes_context=True)
def nonce(context: template.Context) -> SafeString:
    """The attribute that lets hx-csp trust an element with hx- attributes."""
    return format_html('hx-nonce="{}"', page_nonce(context))


@register.simple_tag(takes_context=True)
def page_nonce(context: template.Context) -> str:
    return str(getattr(context.get("request"), "csp_nonce", ""))


@register.simple_tag(takes_context=True)
def script(context: template.Context, name: str) -> SafeString:
    """An entry of `static/src/js/` with the stylesheet that came of it, if it imports any CSS."""
    sheet = f"{name}.css"
    link = format_html('<link rel="stylesheet" href="{}">', asset_url(sheet)) if has_asset(sheet) else SafeString("")
    source = asset_url(f"{name}.js")
    preloads = format_html_join(
        "", '<link rel="modulepreload" href="{}">', ((url,) for url in imports_of(f"{name}.js"))
    )
    return (
        link
        + preloads
        + format_html('<script type="module" src="{}" nonce="{}"></script>', source, page_nonce(context))
    )


@register.simple_tag
def state(what: State) -> SafeString:
    """A dot in the tone's colour and the words; the words are coloured only where there is trouble."""
    return format_html('<span class="dot {}"></span><span class="words {}">{}</span>', what.tone, what.tone, what.words)


@register.simple_tag
def copy(text: str, label: str = "Copy") -> SafeString:
    return format_html(
        '<button type="button" class="btn-icon copy" data-copy="{}" aria-label="{}" title="{}">{}</button>',
        text, label, label, icons.icon("copy"),
    )  # fmt: skip


@register.simple_tag
def row_actions(actions: Sequence[Action], row: Any) -> SafeString:
    """The acts cell of a row: the icon buttons, then one menu with the rest. `actions` are those that are allowed."""
    return acts_cell(actions, row)


@register.simple_tag
def kept(template_name: str, **values: Any) -> SafeString:
    """A part of a page that is made of these values and of nothing else, kept for as long as they come again.

    Unlike an include it sees neither the request nor its reader, so nobody can be shown what was made for another.
    The values are text, numbers, frozen dataclasses, and sequences of those.
    """
    given = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in values.items())
    return _kept(template_name, given, get_language())


@functools.lru_cache(maxsize=512)
def _kept(template_name: str, values: tuple[tuple[str, Any], ...], _language: str | None) -> SafeString:
    return SafeString(render_to_string(template_name, dict(values)))


@register.simple_tag
def field(bound: BoundField, hint: str = "") -> SafeString:
    """A form field: label, widget, help, and the error beside it; the widget is told of both (aria-describedby)."""
    widget_type = getattr(bound.field.widget, "input_type", bound.widget_type)
    context = {
        "field": bound,
        "hint": hint or bound.help_text,
        "kind": widget_type,
        "widget": _widget(bound, widget_type),
    }
    return SafeString(render_to_string("pages/field.html", context))


def _widget(bound: BoundField, kind: str) -> SafeString:
    own = str(bound.field.widget.attrs.get("class", ""))
    base = {"checkbox": "form-check-input", "radio": "form-check-input", "select": "form-select"}.get(
        kind, "form-control"
    )
    classes = f"{base} {own} is-invalid" if bound.errors else f"{base} {own}"
    attrs: dict[str, str | bool] = {"class": classes.strip()}
    described = [f"{bound.id_for_label}-hint"] if bound.help_text else []
    if bound.errors:
        attrs["aria-invalid"] = "true"
        described.append(f"{bound.id_for_label}-error")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return bound.as_widget(attrs=attrs)


@register.simple_tag
def form_errors(form: Form) -> SafeString:
    """What is wrong with a form as a whole, where its reader looks first."""
    errors = form.non_field_errors()
    if not errors:
        return SafeString("")
    lines = format_html_join("", "<div>{}</div>", ((error,) for error in errors))
    return format_html('<div class="notice bad" role="alert">{}<div>{}</div></div>', icons.icon("alert-circle"), lines)


@register.filter
def problems(lines: Sequence[Outcome]) -> list[Outcome]:
    return [line for line in lines if line.message]
