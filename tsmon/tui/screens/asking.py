"""How a model is asked, and where the class is in its answers: two dialogs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import work
from textual.app import ComposeResult
from textual.widgets import Input, Static

from tsmon.load.classes import check_path, find_class
from tsmon.payloads.request_form import METHODS, RequestForm, Template
from tsmon.threads import in_thread
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.route import is_secret
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.field import Field
from tsmon.units import confidence
from tsmon.untrusted.text import few_lines

if TYPE_CHECKING:
    from textual.content import Content

    from tsmon.load.answers import Answer
    from tsmon.tui.state.asking import Asking

MOST_TRIED = 1_000_000
"""Characters of an answer that is read again with each key."""
MOST_SHOWN_LINES = 8
HIDDEN = "***"
"""Stands for the value of a header that may be a secret."""
_KSERVE = {"": Template.NONE, "1": Template.KSERVE_V1, "2": Template.KSERVE_V2}


class AnswerDialog(Dialog[str]):
    """Asks where the class is, and shows what that finds in the last answer."""

    ACCEPT: ClassVar[str] = "Use it"

    def __init__(self, model: str, path: str, last: Answer | None) -> None:
        """`last` is the last answer of the model, if there is one."""
        super().__init__()
        self._model = model
        self._path = path
        whole = last.prediction if last else None
        self._last = whole.text if whole else ""

    @property
    def heading(self) -> str:
        """Whose answers they are."""
        return f"The class in the answers of {self._model}"

    def body(self) -> ComposeResult:
        """The path, what it finds, and the answer that it finds it in."""
        yield Static(
            "A path such as predictions.0.class says where the class is. Without one it is found "
            "where only one place can be meant. Answers without a class are not in the score.",
            classes="explanation",
        )
        yield Field("path", self._path, id="answer-path", placeholder="found by itself")
        yield Static(id="answer-found")
        shown = few_lines(self._last, MOST_SHOWN_LINES) if self._last else "no answer yet"
        yield Static(line((shown, Tone.MUTED)), id="answer-last")

    def on_mount(self) -> None:
        """Try the path as it is."""
        self._try()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Try the path while it is typed."""
        event.stop()
        self._try()

    @work(group="try", exclusive=True)
    async def _try(self) -> None:
        words = await self._outcome(self.query_one("#answer-path", Field).text)
        for found in self.query("#answer-found").results(Static):  # none once the dialog was left
            found.update(words)

    async def _outcome(self, path: str) -> Content:
        try:
            check_path(path)
        except InvalidArgument as error:
            return line((f"✗ {error.message}", Tone.BAD))
        if not self._last:
            return line()
        if len(self._last) > MOST_TRIED:
            return line(("the last answer is too long to try it", Tone.MUTED))
        found = await in_thread(find_class, self._last, path)
        if found is None:
            return line(("no class there in the last answer", Tone.WARNING))
        spans: list[Span] = [(f"✓ {found.name}", Tone.GOOD)]
        if found.confidence is not None:
            spans.append((f"  {confidence(found.confidence)}", Tone.PLAIN))
        return line(*spans, ("  in the last answer", Tone.MUTED))

    def accept(self) -> None:
        """Take the path, if it is one."""
        try:
            self.dismiss(check_path(self.query_one("#answer-path", Field).text))
        except InvalidArgument as error:
            self.show_note(Note.of(error))


class FormDialog(Dialog["Asking"]):
    """Asks how payloads are sent to a model."""

    ACCEPT: ClassVar[str] = "Use it"

    def __init__(self, model: str, asking: Asking, content_type: str) -> None:
        """`content_type` is that of the chosen payload, which is sent unless another is set."""
        super().__init__()
        self._model = model
        self._asking = asking
        self._content_type = content_type

    @property
    def heading(self) -> str:
        """To which model."""
        return f"How payloads are sent to {self._model}"

    def body(self) -> ComposeResult:
        """The parts of a request."""
        form = self._asking.form
        own = f"{self._content_type}, by the suffix" if self._content_type else "by the suffix"
        template = next(text for text, each in _KSERVE.items() if each is form.template)
        yield Field("content type", form.content_type, id="content-type", placeholder=own)
        yield Field("method", form.method, id="method")
        yield Field("KServe version", template, id="kserve", placeholder="none; 1 or 2")
        explain = "yes" if form.explain else ""
        yield Field("explain", explain, id="explain", placeholder="no; yes asks for explanations")
        headers = _joined(form.headers)
        yield Field("headers", headers, id="headers", placeholder="none; X-Name: value, …")
        yield Field("form field", form.form_field, id="form-field", placeholder="no form")
        more = ", ".join(f"{name}={value}" for name, value in form.fields)
        yield Field("more fields", more, id="fields", placeholder="name=value, name=@file, …")
        yield Static(id="form-outlook")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say where the requests would go while it is typed."""
        event.stop()
        try:
            form = self._form()
            words = line((f"{form.method} {form.path(self._model)}", Tone.ACCENT))
        except InvalidArgument as error:
            words = line((f"✗ {error.message}", Tone.WARNING))
        self.query_one("#form-outlook", Static).update(words)

    def accept(self) -> None:
        """Take what was typed, if requests can be made of it."""
        try:
            form = self._form()
            form.path(self._model)
        except InvalidArgument as error:
            self.show_note(Note.of(error))
            return
        self.dismiss(replace(self._asking, form=form))

    def _form(self) -> RequestForm:
        """What was typed.

        Raises:
            InvalidArgument: no request can be made of it.
        """
        kserve = self._text("kserve").lower().removeprefix("v")
        if kserve not in _KSERVE:
            raise InvalidArgument(f"KServe version: {kserve!r} is not a version", "use 1 or 2")
        explain = self._text("explain").lower()
        if explain not in {"", "no", "n", "yes", "y"}:
            raise InvalidArgument(f"explain: {explain!r} is not an answer", "use yes or no")
        return RequestForm(
            method=self._text("method").upper() or METHODS[0],
            template=_KSERVE[kserve],
            explain=explain.startswith("y"),
            content_type=self._text("content-type"),
            headers=self._headers(),
            form_field=self._text("form-field"),
            fields=tuple(_pairs(self._text("fields"), "=", "fields").items()),
        )

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Field).text

    def _headers(self) -> Mapping[str, str]:
        """Those that were typed; one that is hidden stays as it was."""
        before = self._asking.form.headers
        typed = _pairs(self._text("headers"), ":", "headers")
        return {
            name: before.get(name, value) if value == HIDDEN else value
            for name, value in typed.items()
        }


def _joined(headers: Mapping[str, str]) -> str:
    shown = {name: HIDDEN if is_secret(name) else value for name, value in headers.items()}
    return ", ".join(f"{name}: {value}" for name, value in shown.items())


def _pairs(text: str, separator: str, what: str) -> dict[str, str]:
    """Names and values between commas; a comma in a value belongs to it.

    Raises:
        InvalidArgument: a part is no such pair.
    """
    pairs: dict[str, str] = {}
    last = ""
    for part in text.split(",") if text else ():
        name, found, value = part.partition(separator)
        if found:
            last = name.strip()
            pairs[last] = value.strip()
        elif last:
            pairs[last] += f",{part}"
        else:
            raise InvalidArgument(f"{what}: {part.strip()!r} has no {separator!r}")
    return pairs
