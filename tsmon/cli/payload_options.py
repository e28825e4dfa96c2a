"""The options that say what is sent to a model, and how: the same for each command that sends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeVar, cast

import click

from tsmon.cli.options import answer_option
from tsmon.digits.datasets import is_dataset
from tsmon.digits.folders import find_images
from tsmon.digits.images import SUFFIXES, DigitImage
from tsmon.digits.labels import read_labels, with_labels
from tsmon.payloads.files import find_payloads, lines_of, read_lines
from tsmon.payloads.payload import BYTES, MOST_PAYLOAD_BYTES, Held, Payload, PayloadError, Text
from tsmon.payloads.request_form import JSON, METHODS, RequestForm, Template
from tsmon.torchserve.errors import InvalidArgument
from tsmon.units import MIB
from tsmon.untrusted.json import BadJson, parse_json

F = TypeVar("F", bound=Callable[..., Any])

STDIN = Path("-")
_INLINE = Path("--data")


class GivenPayloads(NamedTuple):
    """What these options say; the fields are called as the options' parameters."""

    lines: bool
    data: str | None
    content_type: str
    headers: tuple[str, ...]
    method: str
    form_field: str
    fields: tuple[str, ...]
    kserve: str | None
    explain: bool
    answer_path: str
    labels_file: Path | None

    def form(self, accept: str = JSON) -> RequestForm:
        """How they are sent; `accept` is that header's value where none is given.

        Raises:
            InvalidArgument: two options exclude each other, or one has no valid value.
        """
        return RequestForm(
            method=self.method,
            template=Template(self.kserve or Template.NONE),
            explain=self.explain,
            content_type=self.content_type,
            accept=accept,
            headers=dict(map(_header, self.headers)),
            form_field=self.form_field,
            fields=tuple(map(_field, self.fields)),
        )

    def payloads(self, paths: Sequence[Path], default: Path | None = None) -> tuple[Payload, ...]:
        """What is sent: the text of `--data`, or what is at the paths, by default at `default`.

        Raises:
            PayloadError: something cannot be read, or there is nothing to send.
            click.UsageError: there are paths beside `--data`, or neither.
        """
        if self.data is not None and paths:
            raise click.UsageError("choose files or --data")
        if self.data is not None:
            return self._inline(self.data)
        if not paths and default is None:
            raise click.UsageError("name a file or folder, `-` for standard input, or use --data")
        chosen = paths or [cast("Path", default)]
        return tuple(payload for path in chosen for payload in self._at(path))

    def _inline(self, text: str) -> tuple[Payload, ...]:
        if self.lines:
            return lines_of(text, _INLINE, self.content_type)
        return (Text(_INLINE, None, self.content_type or _type_of(text), text),)

    def _at(self, path: Path) -> tuple[Payload, ...]:
        if self.lines and self.labels_file is not None:
            raise click.UsageError("lines have no names that a file of labels could have")
        if path == STDIN:
            return self._from_stdin()
        if self.lines:
            return read_lines(path, self.content_type)
        folder = path.is_dir() or is_dataset(path)
        found = _in_folder(path) if folder else (_file(path),)
        if self.labels_file is None:
            return found
        return with_labels(found, read_labels(self.labels_file), path if folder else path.parent)

    def _from_stdin(self) -> tuple[Payload, ...]:
        data = stdin().buffer.read(MOST_PAYLOAD_BYTES + 1)
        if len(data) > MOST_PAYLOAD_BYTES:
            most = MOST_PAYLOAD_BYTES // MIB
            raise PayloadError(f"standard input has more than {most} MiB")
        if not self.lines:
            return (Held(STDIN, None, self.content_type or BYTES, data),)
        try:
            return lines_of(data.decode(), STDIN, self.content_type)
        except UnicodeDecodeError:
            raise PayloadError("standard input is not text in UTF-8") from None


def stdin() -> TextIO:
    """What is typed or piped in.

    Raises:
        PayloadError: there is none.
    """
    if sys.stdin is None:
        raise PayloadError("there is no standard input to send")
    return sys.stdin


def payload_options(command: F) -> F:
    """The options above; the command gets them together as `given`."""

    @wraps(command)
    def gathered(*args: Any, **kwargs: Any) -> Any:
        given = GivenPayloads(**{name: kwargs.pop(name) for name in GivenPayloads._fields})
        return command(*args, given=given, **kwargs)

    made = cast(F, gathered)
    for option in reversed(_OPTIONS):
        made = option(made)
    return made


def _in_folder(path: Path) -> tuple[Payload, ...]:
    """The images of a folder, or without any its other files."""
    found: tuple[Payload, ...] = find_images(path)
    if not found and path.is_dir():
        found = find_payloads(path)
    if not found:
        raise PayloadError(f"{path} has nothing to send: no PNG or JPEG images, and no other files")
    return found


def _file(path: Path) -> Payload:
    return DigitImage.at(path) if path.suffix.lower() in SUFFIXES else Payload.at(path)


def _type_of(text: str) -> str:
    """JSON where it is an object or a list, else plain text."""
    try:
        found = parse_json(text)
    except BadJson:
        return "text/plain"
    return JSON if isinstance(found, dict | list) else "text/plain"


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    name = name.strip().title()
    if not colon:  # what was typed may be a secret, so it is not quoted
        raise InvalidArgument("a --header has no colon", "use --header 'Name: value'")
    if name == "Content-Type":
        raise InvalidArgument("the content type has an option of its own", "use --content-type")
    if name == "Authorization":
        raise InvalidArgument(
            "tsmon sends the server's own key in the Authorization header",
            "name the key file with --key-file, or a token's file in the configuration: "
            "bearer_file",
        )
    return name, value.strip()


def _field(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise InvalidArgument(f"{text!r} is not a field", "use --field NAME=VALUE or NAME=@FILE")
    return name, value


_OPTIONS = (
    click.option(
        "--lines",
        is_flag=True,
        help="Send each line of the files by itself; empty ones are left out.",
    ),
    click.option(
        "--data",
        metavar="TEXT",
        help="Send this text instead of files, as JSON where it is an object or a list of it.",
    ),
    click.option(
        "--content-type",
        metavar="TYPE",
        default="",
        help="Content type of what is sent; by default that of a file's suffix, images as bytes.",
    ),
    click.option(
        "--header",
        "headers",
        metavar="NAME: VALUE",
        multiple=True,
        help="Header to send; repeatable.",
    ),
    click.option(
        "--method",
        type=click.Choice(METHODS, case_sensitive=False),
        default=METHODS[0],
        show_default=True,
        help="HTTP method.",
    ),
    click.option(
        "--form",
        "form_field",
        metavar="FIELD",
        default="",
        help="Send a multipart form with the payload in this field.",
    ),
    click.option(
        "--field",
        "fields",
        metavar="NAME=VALUE|NAME=@FILE",
        multiple=True,
        help="With --form: a further field; repeatable.",
    ),
    click.option(
        "--kserve",
        type=click.Choice([each.value for each in Template if each is not Template.NONE]),
        help="Send KServe's JSON, of version 1 or 2 of its protocol, to its path.",
    ),
    click.option("--explain", is_flag=True, help="Ask for explanations instead of predictions."),
    answer_option,
    click.option(
        "--labels",
        "labels_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File with the label of each image: lines of NAME LABEL, CSV or a JSON object.",
    ),
)
