"""No command tells a password or a signature, in whatever form it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon

SECRET = "Pa55word"
ADDRESS = f"http://me:{SECRET}@127.0.0.1:8081"
ARCHIVE = f"https://me:{SECRET}@s3/mnist.mar?X-Amz-Signature={SECRET}"


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Passwords wherever a file can have one."""
    file = tmp_path / "config.toml"
    file.write_text(
        f"server = 'prod'\n[fleet]\nprometheus = '{ADDRESS}'\n[servers.prod]\nurl = '{ADDRESS}'\n"
        f"[servers.two]\ninference_url = '{ADDRESS}'\nmetrics_url = 'http://u:{SECRET}/x@h'\n"
        f"logs = 'docker:{ADDRESS}'\n"
    )
    monkeypatch.setenv("TSMON_CONFIG", str(file))
    return file


@pytest.mark.parametrize(
    "arguments",
    [
        ("models",),
        ("models", "--json"),
        ("--server", "two", "ping"),
        ("--server", ADDRESS, "models"),
        ("--management-url", f"me:{SECRET}@host", "models"),
        ("config", "show"),
        ("config", "show", "--all", "--json"),
        ("config", "check", "--json"),
        ("config", "set", "servers.three.url", ADDRESS),
        ("config", "set", "--project", "servers.three.url", ADDRESS, "--json"),
        ("config", "set", "monitor.period", ADDRESS),
        ("fleet", "--once"),
        ("fleet", "--once", "--json"),
        ("fleet", "--once", "--prometheus", f"http://me:{SECRET}#@h:1"),
        ("doctor", "--json"),
        ("monitor", "--prometheus", f"http://me:{SECRET}@127.0.0.1:1", "--plain"),
    ],
)
@pytest.mark.usefixtures("configured")
def test_a_password_of_an_address_is_never_told(tsmon: Tsmon, arguments: tuple[str, ...]) -> None:
    ended = tsmon(*arguments)

    assert SECRET not in ended.stdout + ended.stderr
    assert ended.stdout + ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("models",),
        ("models", "--json"),
        ("describe", "mnist"),
        ("describe", "mnist", "--json"),
        ("register", ARCHIVE),
        ("doctor",),
        ("metrics", "--watch", "--count", "1", "--json"),
    ],
)
def test_nor_is_the_signature_of_an_archives_url(
    tsmon: Tsmon, server: FakeTorchServe, arguments: tuple[str, ...]
) -> None:
    server.archive("mnist", url=ARCHIVE)
    assert tsmon("register", ARCHIVE).code == 0

    ended = tsmon(*arguments)

    assert SECRET not in ended.stdout + ended.stderr
    assert ended.stdout + ended.stderr
