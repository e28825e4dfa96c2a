"""A project's file points elsewhere: nothing goes there before a person said so."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon, entry
from tsmon.cli import project_trust
from tsmon.cli.monitor_screen import Left
from tsmon.cli.target import Target

ELSEWHERE = "http://evil.example:8081"


class Everywhere(FakeTorchServe):
    """A server that answers at whatever address it is asked."""

    def __init__(self, key_file: Path) -> None:
        super().__init__(key_file=key_file)
        self.hosts: list[str] = []
        """Where the requests went."""

    def transport(self) -> httpx.MockTransport:
        answers = super().transport()

        async def handle(request: httpx.Request) -> httpx.Response:
            self.hosts.append(request.url.host)
            request.url = request.url.copy_with(host="127.0.0.1")
            return await answers.handle_async_request(request)

        return httpx.MockTransport(handle)


@pytest.fixture
def server(tmp_path: Path) -> Everywhere:
    return Everywhere(tmp_path / "key_file.json")


@pytest.fixture(autouse=True)
def nothing_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def project(tmp_path: Path, tsmon: Tsmon) -> Path:
    file = tmp_path / "cwd" / "tsmon.toml"
    file.write_text(f'server = "{ELSEWHERE}"\n[monitor]\nperiod = 3\n')
    return file


def test_a_bare_command_goes_nowhere_and_names_a_remedy_that_works(
    tsmon: Tsmon, project: Path, server: Everywhere
) -> None:
    refused = tsmon("models")

    assert refused.code == 2
    assert f"{project}: sets where tsmon connects to" in refused.stderr
    assert "`tsmon config trust`" in refused.stderr
    assert not server.requests

    trusted = tsmon("config", "trust")
    assert trusted.code == 0
    assert f'server = "{ELSEWHERE}"' in trusted.stderr
    assert tsmon("models").code != 2
    assert server.hosts == ["evil.example"]

    assert tsmon("config", "trust", "--forget").code == 0
    assert tsmon("models").code == 2


def test_no_key_follows_even_then(tsmon: Tsmon, project: Path, server: Everywhere) -> None:
    """The key file was named without a server: by `TSMON_KEY_FILE`, say."""
    tsmon("config", "trust")

    listed = tsmon("models")

    assert "Authorization" not in server.requests[-1].headers
    assert (listed.code, "pass --key-file and --server together" in listed.stderr) == (1, True)


def test_who_names_server_and_key_has_said_so(
    tsmon: Tsmon, project: Path, server: Everywhere
) -> None:
    assert tsmon("models", "--server", ELSEWHERE).code == 0
    listed = [each for each in server.requests if each.url.path.startswith("/models")]
    assert listed
    assert all("Authorization" in each.headers for each in listed)


def test_it_asks_again_when_the_file_says_something_else_and_only_then(
    tsmon: Tsmon, project: Path
) -> None:
    tsmon("config", "trust")
    project.write_text(project.read_text().replace("period = 3", "period = 4"))
    assert tsmon("models").code != 2

    project.write_text(project.read_text().replace("evil", "worse"))
    assert tsmon("models").code == 2


def test_what_does_no_harm_needs_no_word(tsmon: Tsmon, project: Path) -> None:
    project.write_text('[monitor]\nperiod = 3\ntheme = "nord"\n')

    assert tsmon("models").code == 0
    assert tsmon("config", "trust").stderr == f"{project} contains nothing that needs trust\n"


def test_commands_that_go_nowhere_need_no_word(tsmon: Tsmon, project: Path) -> None:
    assert tsmon("keys").code == 0
    assert tsmon("explain", "queue").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("fleet", "--once"),
        ("monitor", "--plain"),
        ("--plain",),
        ("metrics",),
        ("ping",),
        ("doctor",),
        ("load", "mnist"),
        ("token", "status"),
        ("record", "x.tsmon", "--count", "1"),
    ],
)
def test_every_command_that_would_go_there_refuses(
    tsmon: Tsmon, project: Path, server: Everywhere, arguments: tuple[str, ...]
) -> None:
    ended = tsmon(*arguments)

    assert (ended.code, "tsmon config trust" in ended.stderr) == (2, True), ended.stderr
    assert not server.requests


def test_a_server_of_the_project_waits_and_one_of_ones_own_does_not(
    tsmon: Tsmon, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[servers.mine]\nurl = 'http://127.0.0.1:8081'\n")
    monkeypatch.setenv("TSMON_CONFIG", str(own))
    project.write_text(f"[servers.theirs]\nurl = '{ELSEWHERE}'\n")

    assert tsmon("models").code == 0
    assert tsmon("models", "--server", "mine").code == 0
    assert tsmon("models", "--server", "theirs").code == 2


def test_show_and_path_show_what_is_not_in_force(tsmon: Tsmon, project: Path) -> None:
    shown = tsmon("config", "show")
    assert f"period = 3.0  # {project}" in shown.stdout
    assert "evil" not in shown.stdout
    assert f'server = "{ELSEWHERE}"' in shown.stderr
    assert tsmon("config", "path", "--json").json["project"]["read"].startswith("in part")

    tsmon("config", "trust")

    assert "evil" in tsmon("config", "show").stdout
    assert tsmon("config", "path", "--json").json["project"]["read"] == "yes"


def test_a_file_that_others_can_write_is_told_and_left_alone(tsmon: Tsmon, project: Path) -> None:
    project.chmod(0o666)

    listed = tsmon("models")

    assert listed.code == 0
    assert listed.stderr.startswith(f"tsmon: {project} is not read: it can be written by others\n")
    assert re.search(rf"chmod g?o-w {project}\n", listed.stderr)
    assert tsmon("config", "path", "--json").json["project"]["read"].startswith("no: it can be")
    for arguments in (("trust",), ("set", "--project", "monitor.period", "2")):
        assert tsmon("config", *arguments).code == 2
    assert "period = 3" in project.read_text()


def test_a_file_above_a_folder_that_is_no_checkout_is_left_alone(
    tsmon: Tsmon, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.parent / "deeper").mkdir()
    monkeypatch.chdir(project.parent / "deeper")

    listed = tsmon("models")

    assert (listed.code, "is above" in listed.stderr) == (0, True)


def test_what_one_sets_oneself_is_trusted(tsmon: Tsmon, project: Path) -> None:
    project.unlink()

    assert (
        tsmon("config", "set", "--project", "servers.here.url", "http://127.0.0.1:8081").code == 0
    )

    assert tsmon("models", "--server", "here").code == 0


def test_setting_one_thing_does_not_trust_the_rest(tsmon: Tsmon, project: Path) -> None:
    assert tsmon("config", "set", "--project", "fleet.prometheus", "http://prom").code == 0

    assert tsmon("models").code == 2


@pytest.mark.parametrize("answer", [True, False])
def test_who_opens_the_monitor_is_asked_once(
    project: Path, server: Everywhere, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    questions: list[str] = []
    opened: list[str | None] = []

    def open_monitor(target: Target, *_: object, **__: object) -> Left:
        opened.append(target.server)
        return Left(0)

    def asked(question: str) -> bool:
        questions.append(question)
        return answer

    monkeypatch.setattr(project_trust, "asked", asked)
    monkeypatch.setattr(project_trust, "_someone_is_there", lambda: True)
    monkeypatch.setattr("tsmon.cli.monitor_screen.open_monitor", open_monitor)
    for _ in range(2):
        with pytest.raises(SystemExit):
            entry(Target(transport=server.transport())).main([])

    assert opened == [ELSEWHERE if answer else None] * 2
    assert len(questions) == (1 if answer else 2)
