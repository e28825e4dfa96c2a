"""How a model is asked from the monitor, and where the class is in its answers."""

from __future__ import annotations

from msgspec import Struct

from tsmon.payloads.request_form import PLAIN, RequestForm, Template

_TEMPLATES = {Template.KSERVE_V1: "KServe v1", Template.KSERVE_V2: "KServe v2"}


class Asking(Struct, frozen=True):
    """What a person set for one model, for as long as its server is watched."""

    form: RequestForm = PLAIN
    answer_path: str = ""
    """Where the class is in an answer; empty where it is found by itself."""

    def __str__(self) -> str:
        """What is not plain, in one line without values of headers; empty where all is plain."""
        form = self.form
        words = [
            form.method if form.method != PLAIN.method else "",
            "explain" if form.explain else "",
            _TEMPLATES.get(form.template, ""),
            form.content_type,
            f"form field {form.form_field}" if form.form_field else "",
            f"headers {', '.join(form.headers)}" if form.headers else "",
            f"class at {self.answer_path}" if self.answer_path else "",
        ]
        return " · ".join(filter(None, words))


AS_USUAL = Asking()
"""A payload is the body of a POST, and the class is found."""
