"""No module of tsmon reads a file, JSON, an archive or a picture past `tsmon.untrusted`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tsmon

PACKAGE = Path(tsmon.__file__).parent
BORDER = PACKAGE / "untrusted"

READS = {"read_text", "read_bytes", "loads", "load", "connect", "ZipFile", "TarFile"}
"""Calls that take in what a file or a stream holds, by their last name."""
PARSERS = {"json", "tomllib", "yaml", "sqlite3", "zipfile", "tarfile", "Image"}
"""`load`, `loads`, `open` and `connect` count where they are these modules' own."""

ALLOWED = {
    "serving/assets.py: read_text": "a page that is part of the package",
    "telemetry/recording/database.py: sqlite3.connect": "behind open_regular and read-only",
    "telemetry/recording/schema.py: sqlite3.connect": "writes",
    "fleet/file_sd.py: load": "PyYAML's BaseLoader, on text of a bounded size",
    "load/run/increment.py: json.loads": "a pipe from a process of tsmon's own",
    "load/run/child.py: json.loads": "a pipe from tsmon itself",
    "digits/images.py: Image.open": "behind read_bytes, with formats and pixels limited",
    "config/toml_text.py: tomllib.loads": "text that parse_toml has taken, and changes of it",
    "serving/container.py: tarfile.open": "writes an archive",
    "torchserve/errors.py: json.loads": "an HTTP answer, whose size the connection bounds",
    "load/answers.py: json.loads": "an HTTP answer, whose size the connection bounds",
    "notify/commands.py: fdopen": "the end of what a person's own command printed, as one line",
    # These write.
    "load/run/request_file.py: open": "",
    "load/run/request_file.py: fdopen": "",
    "load/run/request_file.py: sqlite3.connect": "",
    "tui/screens/answer_view.py: open": "",
    "logs/container_copy.py: open": "",
    "digits/drawings.py: open": "",
    "export/companions.py: open": "",
    "cli/config.py: open": "",
    "config/edit.py: fdopen": "",
    "serving/home.py: open": "",
    "serving/launch.py: open": "",
}


def modules() -> list[Path]:
    return [file for file in PACKAGE.rglob("*.py") if BORDER not in file.parents]


def reads(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each call that reads past the border, as it is written, and its line."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call | ast.Attribute):
            continue
        called = node.func if isinstance(node, ast.Call) else node
        # A method that is handed on, as to a thread, is as good as called.
        name = _name(called)
        if name is None:
            continue
        *owner, last = name.split(".")
        of_parser = bool(owner) and owner[-1] in PARSERS
        if last in {"read_text", "read_bytes"} and owner:
            yield last, node.lineno
        elif of_parser and last in READS | {"open"}:
            yield f"{owner[-1]}.{last}", node.lineno
        elif isinstance(node, ast.Call) and _opens(node, owner, last):
            yield last, node.lineno


def _opens(call: ast.Call, owner: list[str], last: str) -> bool:
    """Whether it is `open(path)`, `path.open("rb")` or `load(text, Loader)` of PyYAML."""
    if last == "load":
        return not owner and len(call.args) > 1
    if owner == ["os"] and last in {"open", "fdopen"}:
        return True
    if last != "open":
        return False
    texts = (*call.args, *(keyword.value for keyword in call.keywords))
    # The `open` of a folder of images, of a filter bar or of a connection takes no mode.
    mode = any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in texts)
    return not owner or mode


def _name(called: ast.expr) -> str | None:
    if isinstance(called, ast.Name):
        return called.id
    if isinstance(called, ast.Attribute):
        return f"{_name(called.value) or '?'}.{called.attr}"
    return None


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_module_reads_only_through_the_border(file: Path) -> None:
    place = file.relative_to(PACKAGE).as_posix()
    found = {f"{place}: {call}": line for call, line in reads(ast.parse(file.read_text("utf-8")))}

    past = {call: line for call, line in found.items() if call not in ALLOWED}

    assert not past, "use tsmon.untrusted.files.read_bytes, read_text, open_regular or parse_json"


@pytest.mark.parametrize(
    "line",
    [
        "path.read_text()",
        "Path('x').read_bytes()",
        "in_thread(path.read_text)",
        "open(path)",
        "path.open('rb')",
        "(folder / name).open(errors='replace')",
        "os.fdopen(3)",
        "json.loads(text)",
        "json.load(file)",
        "tomllib.loads(text)",
        "yaml.load(text)",
        "zipfile.ZipFile(path)",
        "tarfile.open(path)",
        "Image.open(path)",
        "sqlite3.connect(path)",
    ],
)
def test_the_rule_sees_each_way_to_read(line: str) -> None:
    assert list(reads(ast.parse(line)))


@pytest.mark.parametrize("line", ["bar.open()", "desk.open(path, chosen)", "read_text(path, 9)"])
def test_the_rule_lets_other_calls_be(line: str) -> None:
    assert not list(reads(ast.parse(line)))
