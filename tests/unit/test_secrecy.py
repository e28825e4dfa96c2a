"""The search for keys after every test finds one wherever it was written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import tests

LEAKS = """
import os, subprocess, sys
from pathlib import Path
import click, pytest
from click.testing import CliRunner
from tests.fake import FakeTorchServe
from tests.secrecy import hand_out_file, shown

WAITS = [sys.executable, "-c", "input()"]

@pytest.fixture
def key(tmp_path):
    fake = FakeTorchServe(key_file=tmp_path / "key_file.json")
    return fake.keys._values["management"]

def test_bad_file(key, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "recording.tsmon").write_bytes(b"\\0" + key.encode() + b"\\xff")

def test_bad_state(key):
    (Path(os.environ["XDG_STATE_HOME"]) / "crash.txt").write_text(key)

def test_bad_print(key):
    print("the key is", key)

def test_bad_stderr(key):
    os.write(2, key.encode())

def test_bad_captured(key, capsys):
    print(key)
    assert capsys.readouterr().out

def test_bad_command(key):
    CliRunner().invoke(click.Command("c", callback=lambda: click.echo(key)))

def test_bad_screen(key):
    shown(f"a screen with {key}")

def test_bad_argument(key):
    subprocess.run([sys.executable, "-c", "", key])

def test_bad_environment(key):
    subprocess.run([sys.executable, "-c", ""], env={"KEY": key})

def test_bad_inherited(key, monkeypatch):
    monkeypatch.setenv("KEY", key)
    subprocess.run([sys.executable, "-c", ""])

@pytest.fixture(scope="session")
def left():
    processes = []
    yield processes
    for each in processes:
        each.stdin.close()
        each.wait()

def test_bad_grandchild(key, left):
    script = f"import subprocess, sys; subprocess.run([*{WAITS!r}, sys.stdin.readline()])"
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE)
    left.append(child)
    child.stdin.write(f"{key}\\n".encode())
    child.stdin.flush()
    import psutil
    while not any(key in word for each in psutil.Process(child.pid).children()
                  for word in each.cmdline()):
        pass

def test_bad_real_server(tmp_path):
    file = tmp_path / "key_file.json"
    file.write_text(\'{"management": {"key": "Zm9vYmFy"}}\')
    hand_out_file(file)
    (tmp_path / "ts_log.log").write_text("Zm9vYmFy")

def test_good(key, tmp_path):
    print("no key")
    (tmp_path / "copy").write_text(key[:-1])
    subprocess.run([sys.executable, "-c", ""])
"""


def test_a_key_is_found_wherever_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "test_leaks.py").write_text(LEAKS)
    root = Path(tests.__file__).parents[1]

    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.secrecy", "-p", "no:cacheprovider", "-c",
         os.devnull, "--rootdir", str(tmp_path), "--tb=no", "-rA", "--basetemp",
         str(tmp_path / "base"), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip

    assert set(re.findall(r"def (test_\w+)", LEAKS)) == set(
        re.findall(r"^PASSED .*::(test_\w+)", ended.stdout, re.MULTILINE)
    ), ended.stdout
    bad = re.findall(r"^ERROR .*::(test_\w+)", ended.stdout, re.MULTILINE)
    assert bad == re.findall(r"def (test_bad_\w+)", LEAKS)
