from django import forms

from webui.pages.templatetags.quayside import field, form_errors


class BoatForm(forms.Form):
    name = forms.CharField(help_text="As painted on it")
    pier = forms.ChoiceField(choices=[("a", "A")])
    is_out = forms.BooleanField(required=False, label="It is out")

    def clean(self) -> None:
        raise forms.ValidationError("No <b>berth</b> left.")


def test_an_error_stands_beside_its_field_and_is_read_with_it() -> None:
    drawn = field(BoatForm({"name": "", "pier": "a"})["name"])
    assert 'aria-invalid="true"' in drawn
    assert 'aria-describedby="id_name-hint id_name-error"' in drawn
    assert 'id="id_name-error"' in drawn
    assert "This field is required." in drawn


def test_a_field_without_trouble_has_its_hint_only() -> None:
    drawn = field(BoatForm()["name"])
    assert "is-invalid" not in drawn
    assert 'id="id_name-hint">As painted on it' in drawn
    assert '<label for="id_name">Name' in drawn


def test_selects_and_check_boxes_look_like_what_they_are() -> None:
    assert 'class="form-select"' in field(BoatForm()["pier"])
    assert "form-check-input" in field(BoatForm()["is_out"])


def test_what_is_wrong_with_the_whole_form_is_an_alert_and_text() -> None:
    drawn = form_errors(BoatForm({"name": "x", "pier": "a"}))
    assert 'role="alert"' in drawn
    assert "&lt;b&gt;berth" in drawn


def test_a_form_without_trouble_says_nothing() -> None:
    assert form_errors(BoatForm()) == ""
