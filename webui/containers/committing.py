"""An image from a container as it is now: the form, and the job that makes it."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from docker.errors import APIError

from webui.containers.rows import ContainerRow
from webui.images.reference import is_reference
from webui.jobs import JobFailed, JobRun, job_kind
from webui.sealed import seal, unseal

# The instructions that the engine takes (Docker API, POST /commit).
_INSTRUCTIONS = ("CMD", "ENTRYPOINT", "ENV", "EXPOSE", "LABEL", "ONBUILD", "USER", "VOLUME", "WORKDIR", "HEALTHCHECK")


class CommitForm(forms.Form):
    reference = forms.CharField(
        max_length=255, label=gettext_lazy("Name of the image"), help_text=gettext_lazy("Like shop/web:fixed.")
    )
    message = forms.CharField(max_length=500, required=False, label=gettext_lazy("What is in it"))
    author = forms.CharField(max_length=200, required=False, label=gettext_lazy("Author"))
    changes = forms.CharField(
        max_length=4000, required=False, label=gettext_lazy("Settings to change"),
        widget=forms.Textarea({"rows": 3, "class": "code", "spellcheck": "false"}),
        help_text=gettext_lazy("Lines of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR."),
    )  # fmt: skip
    pause = forms.BooleanField(
        required=False, initial=True, label=gettext_lazy("Pause it meanwhile"),
        help_text=gettext_lazy("So that no file is caught half written."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, row: ContainerRow, author: str = "") -> None:
        super().__init__(data, initial={"reference": f"{row.name.lower()}:committed", "author": author, "pause": True})

    def clean_reference(self) -> str:
        reference = str(self.cleaned_data["reference"]).strip()
        if not is_reference(reference) or "@" in reference:
            raise forms.ValidationError(
                _("“%s” is not the name of an image: small letters, digits, . - _ and /, then : and a tag.") % reference
            )
        return reference

    def clean_changes(self) -> list[str]:
        lines = [line.strip() for line in str(self.cleaned_data["changes"]).splitlines() if line.strip()]
        if wrong := next((line for line in lines if line.split()[0].upper() not in _INSTRUCTIONS), None):
            raise forms.ValidationError(_("“%s” is no line that can be used here.") % wrong[:80])
        return lines

    def params(self, row: ContainerRow) -> dict[str, Any]:
        """What the job is given. ENV may hold passwords, so the changes are sealed."""
        given = self.cleaned_data
        name, _colon, tag = _apart(given["reference"])
        return {
            "container": row.id, "name": row.name, "repository": name, "tag": tag or "latest",
            "message": given["message"], "author": given["author"], "pause": given["pause"],
            "changes": seal("\n".join(given["changes"])) if given["changes"] else "",
        }  # fmt: skip


def _apart(reference: str) -> tuple[str, str, str]:
    """`localhost:5000/web` has no tag, `web:1` has."""
    path, slash, last = reference.rpartition("/")
    name, colon, tag = last.partition(":")
    return f"{path}{slash}{name}", colon, tag


@job_kind(
    "container.commit", operation="container.commit",
    title=lambda params: _("Make the image %(image)s from %(name)s")
    % {"image": f"{params['repository']}:{params['tag']}", "name": params["name"]},
)  # fmt: skip
def commit(run: JobRun) -> None:
    params, client = run.params, run.client()
    step = _("commit")
    run.steps.set(step, _("writing what it changed into an image"))
    try:
        api: Any = client.api
        made = api.commit(
            params["container"], repository=params["repository"], tag=params["tag"], message=params["message"],
            author=params["author"], pause=params["pause"],
            changes=unseal(params["changes"]).split("\n") if params["changes"] else None,
        )  # fmt: skip
    except APIError as error:
        raise JobFailed(_("The host refused: %s") % (error.explanation or error)) from error
    finally:
        client.close()
    run.steps.set(step, _("done"), tone="done")
    run.log(_("made %s") % made["Id"])
