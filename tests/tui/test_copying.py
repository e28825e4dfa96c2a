"""Copying what is shown, and the lines that do the same in a shell."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.app.terminal import through_screen
from tsmon.tui.screens.copy_choice import CopyChoice


async def copy(seat: Seat, letter: str) -> str:
    """Copy one of the choices, and give what is in the clipboard then."""
    await seat.press("y")
    await seat.until(lambda: isinstance(seat.app.screen, CopyChoice))
    await seat.press(letter)
    await seat.until(lambda: not isinstance(seat.app.screen, CopyChoice))
    await seat.sees("copied")
    return seat.app.clipboard


async def test_the_name_the_row_and_the_table_are_copied(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.load("other", workers=2)
    async with watching(fake, options) as seat:
        await seat.sees("● 2/2")
        await seat.press("y")
        await seat.sees("Copy", "y the model's name", "r the row", "curl: describe")
        await seat.press("y")
        await seat.sees("copied the model's name: mnist", "OSC 52")
        assert seat.app.clipboard == "mnist"
        row = await copy(seat, "r")
        assert row.split("\t")[:4] == ["mnist", "1.0 ★", "● 1/1", "· idle"]
        assert "\n" not in row
        titles, *rows = (await copy(seat, "t")).splitlines()
        assert titles.startswith("MODEL\tVERSION\tWORKERS\tSTATUS")
        assert len(rows) == 2


async def test_the_marked_rows_are_copied_together(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.load("other")
    async with watching(fake, options) as seat:
        await seat.sees("other")
        await seat.press("M")
        assert len((await copy(seat, "r")).splitlines()) == 2
        described = (await copy(seat, "d")).splitlines()
        assert [line.rpartition("/models/")[2] for line in described] == ["mnist/1.0", "other/1.0"]


async def test_what_the_focus_is_on_is_the_value(
    fake: FakeTorchServe, options: MonitorOptions, samples: Path
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1", "10 images")
        await seat.press("2")
        assert await copy(seat, "y") == str(fake.version("mnist").workers[0].pid)
        assert (await copy(seat, "r")).startswith("9000\t● ready\t")
        await seat.press("3")
        assert (await copy(seat, "y")).endswith("/s")
        await seat.press("4")
        assert await copy(seat, "y") == str(samples / "image.0.png")


async def test_the_lines_for_a_shell_have_no_key_in_them(
    options: MonitorOptions, tmp_path: Path
) -> None:
    key_file = tmp_path / "key file.json"
    fake = FakeTorchServe(key_file=key_file)
    secrets = [entry["key"] for entry in json.loads(key_file.read_text()).values()]
    fake.load("mnist", workers=2)
    async with watching(fake, options) as seat:
        await seat.sees("● 2/2", "10 images")
        for letter, part in (
            ("d", 'models/mnist/1.0 -H "Authorization: Bearer $MANAGEMENT_TOKEN"'),
            ("s", "min_worker=2&max_worker=2"),
            ("p", "image.0.png"),
            ("m", "curl -sS http://127.0.0.1:8082/metrics"),
            ("D", "tsmon describe --server 127.0.0.1:8081 --key-file"),
            ("S", "--model-version 1.0 mnist 2"),
            ("P", "tsmon predict"),
            ("M", "tsmon metrics"),
        ):
            text = await copy(seat, letter)
            assert part in text
            assert not [secret for secret in secrets if secret in text]
        await copy(seat, "p")
        await seat.sees("set INFERENCE_TOKEN from key_file.json first")


async def test_the_list_works_with_enter_and_the_mouse_and_esc_copies_nothing(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1")
        await seat.press("y")
        await seat.sees("the model's name")
        await seat.press("escape")
        await seat.misses("the model's name")
        assert not seat.app.clipboard
        await seat.press("y")
        await seat.sees("the model's name")
        await seat.press("down", "enter")
        await seat.until(lambda: seat.app.clipboard.startswith("mnist\t"))
        await seat.press("y")
        await seat.sees("curl: metrics")
        lines = seat.text.splitlines()
        row = next(row for row, line in enumerate(lines) if "curl: metrics" in line)
        await seat.pilot.click(offset=(lines[row].index("curl: metrics"), row))
        await seat.until(lambda: seat.app.clipboard.endswith("/metrics"))


async def test_inside_tmux_it_is_told_what_is_copied(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    tmux = tmp_path / "tmux"
    tmux.write_text(f'#!/bin/sh\n{{ echo "$@"; cat; }} >{told}.part && mv {told}.part {told}\n')
    tmux.chmod(0o755)
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1")
        assert await copy(seat, "y") == "mnist"
        await seat.until(told.exists)
        assert told.read_text() == "load-buffer -w -\nmnist"


@given(st.text())
def test_gnu_screen_is_given_a_text_in_parts_that_it_can_hold(text: str) -> None:
    parts = through_screen(text).split("\x1b\\")

    assert parts.pop() == ""
    assert all(part.startswith("\x1bP") and len(part) < 768 for part in parts)
    code = "".join(part.removeprefix("\x1bP") for part in parts)
    assert code.startswith("\x1b]52;c;")
    assert code.endswith("\a")
    assert base64.b64decode(code[len("\x1b]52;c;") : -1]).decode() == text
