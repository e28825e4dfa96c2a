"""What an export is made of: files with their texts, and how they get into a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from tsmon.serving.errors import ServingError
from tsmon.untrusted.files import read_bytes

LONGEST_FILE = 16 * 2**20
_ONE_LINE = 10_000
"""An expression that is copied has no line ends."""
YAML_HINT = "pip install 'tsmon[yaml]'"


class ExportError(ServingError):
    """Files could not be made or written."""


class ExportFile(NamedTuple):
    """A file of an export; its path is below the folder that is asked for."""

    path: str
    text: str


class Outcome(StrEnum):
    """What became of a file."""

    WRITTEN = "written"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"


def json_file(path: str, value: Any) -> ExportFile:
    """A value as JSON."""
    return ExportFile(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def yaml_file(path: str, *documents: Mapping[str, Any], about: str) -> ExportFile:
    """Documents as YAML below a comment of one line.

    Raises:
        ExportError: PyYAML is not installed.
    """
    return ExportFile(path, f"# {about}\n{_yaml(documents)}")


def write(folder: Path, files: Iterable[ExportFile], *, force: bool) -> dict[Path, Outcome]:
    """Write the files, or none where one is there with another text and nothing forces it.

    Raises:
        ExportError: one is there, or cannot be written.
    """
    texts = {folder / file.path: file.text for file in files}
    outcomes = {path: _outcome(path, text) for path, text in texts.items()}
    taken = [str(path) for path, outcome in outcomes.items() if outcome is Outcome.REPLACED]
    if taken and not force:
        names = ", ".join(taken)
        raise ExportError(f"{names} would be replaced", "use --force, or another folder")
    for path, outcome in outcomes.items():
        if outcome is not Outcome.UNCHANGED:
            _write(path, texts[path])
    return outcomes


def _outcome(path: Path, text: str) -> Outcome:
    if not path.exists():
        return Outcome.WRITTEN
    try:
        same = read_bytes(path, LONGEST_FILE) == text.encode()
    except OSError:
        same = False
    return Outcome.UNCHANGED if same else Outcome.REPLACED


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ExportError(
            f"cannot write {path}: {error.strerror or error}", "use another folder"
        ) from None


def _yaml(documents: Iterable[Mapping[str, Any]]) -> str:
    try:
        # Imported where it is needed: it comes with an extra.
        from yaml import SafeDumper, dump_all
    except ImportError:
        raise ExportError("PyYAML is not installed, which writes the files", YAML_HINT) from None

    class Dumper(SafeDumper):  # type: ignore[misc]
        """Writes long texts as blocks, and the same list twice rather than by reference."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    rendered: str = dump_all(
        documents, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=_ONE_LINE
    )
    return rendered
