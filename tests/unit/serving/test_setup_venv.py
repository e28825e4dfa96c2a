"""What tools/setup_venv.py decides; that it works is seen by whoever runs `make test`."""

from __future__ import annotations

import ast
import http.server
import importlib.util
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "tools" / "setup_venv.py"

PROJECT = {
    "build-system": {"requires": ["hatchling"]},
    "project": {
        "name": "tsmon",
        "dependencies": ["click>=8"],
        "optional-dependencies": {
            "server": ["torch>=2.4", "torch-model-archiver==0.12.0", "torchserve", "torchvision"],
            "grpc": ["grpcio"],
            "dev": ["pytest"],
        },
        "scripts": {"tsmon": "tsmon:main"},
    },
    "tool": {"ruff": {"line-length": 100}},
}


@pytest.fixture
def setup_venv() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_venv", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def installed(setup_venv: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Records what pip would install, and lets it succeed."""
    calls: list[tuple[str, ...]] = []

    def pip_install(venv: Path, *arguments: str) -> bool:
        calls.append(arguments)
        return True

    monkeypatch.setattr(setup_venv, "pip_install", pip_install)
    return calls


@pytest.fixture
def venv(setup_venv: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment with a pip that does nothing, in which all that is checked works."""
    monkeypatch.setattr(setup_venv, "IMPORTED", ("sys",))
    monkeypatch.setattr(setup_venv, "wants_cpu_torch", lambda: False)
    folder = tmp_path / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "pip.py").touch()
    return folder


def test_any_python_can_read_it() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 6))


def test_a_python_that_is_too_old_is_told(
    setup_venv: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))

    with pytest.raises(SystemExit, match=r"3\.11 or newer, and this is 3\.10"):
        exec(compile(SCRIPT.read_text(), SCRIPT, "exec"), {"__name__": "old"})


def changed(*keys: str, value: Any) -> dict[str, Any]:
    project = deepcopy(PROJECT)
    table: Any = project
    for key in keys[:-1]:
        table = table[key]
    table[keys[-1]] = value
    return project


@pytest.mark.parametrize(
    "project",
    [
        changed("project", "dependencies", value=[]),
        changed("project", "optional-dependencies", "server", value=[]),
        changed("project", "optional-dependencies", "grpc", value=[]),
        changed("project", "optional-dependencies", "dev", value=[]),
        changed("project", "scripts", value={}),
        changed("build-system", value={}),
    ],
)
def test_what_is_installed_decides(setup_venv: ModuleType, project: dict[str, Any]) -> None:
    root, python = Path("/tsmon"), (3, 12)
    before = setup_venv.fingerprint(PROJECT, root, python)

    assert setup_venv.fingerprint(project, root, python) != before
    assert setup_venv.fingerprint(PROJECT, Path("/moved"), python) != before
    assert setup_venv.fingerprint(PROJECT, root, (3, 13)) != before


def test_messages_that_changed_are_made_again(setup_venv: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "tsmon" / "torchserve" / "grpc"
    folder.mkdir(parents=True)
    before = setup_venv.fingerprint(PROJECT, tmp_path, (3, 12))
    (folder / "inference.proto").write_text('syntax = "proto3";')
    assert setup_venv.fingerprint(PROJECT, tmp_path, (3, 12)) != before


@pytest.mark.parametrize(
    "project",
    [
        deepcopy(PROJECT),
        changed("project", "description", value="new"),
        changed("tool", "ruff", value={}),
    ],
)
def test_nothing_else_decides(setup_venv: ModuleType, project: dict[str, Any]) -> None:
    root, python = Path("/tsmon"), (3, 12)

    assert setup_venv.fingerprint(project, root, python) == setup_venv.fingerprint(
        PROJECT, root, python
    )


def test_torch_and_torchvision_come_together(
    setup_venv: ModuleType, installed: list[tuple[str, ...]]
) -> None:
    setup_venv.install_cpu_torch(Path(".venv"), PROJECT)

    assert installed == [
        ("--index-url", "https://download.pytorch.org/whl/cpu", "torch>=2.4", "torchvision")
    ]


def test_a_failed_cpu_torch_is_said_and_gone_past(
    setup_venv: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup_venv, "pip_install", lambda *arguments: False)

    setup_venv.install_cpu_torch(Path(".venv"), PROJECT)

    assert "several GB" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("system", "nvidia", "reachable", "wanted"),
    [
        ("Linux", False, True, True),
        ("Linux", False, False, False),
        ("Linux", True, True, False),
        ("Darwin", False, True, False),
    ],
)
def test_when_torch_without_cuda_is_wanted(
    setup_venv: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    nvidia: bool,
    reachable: bool,
    wanted: bool,
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(setup_venv, "has_nvidia_gpu", lambda: nvidia)
    monkeypatch.setattr(setup_venv, "is_reachable", lambda url, seconds: reachable)

    assert setup_venv.wants_cpu_torch() is wanted


@pytest.fixture
def web_server() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_an_index_that_refuses_is_not_reachable(setup_venv: ModuleType, web_server: str) -> None:
    assert not setup_venv.is_reachable(web_server, 5)


def test_an_index_that_is_slow_is_not_reachable(
    setup_venv: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = threading.Event()

    def urlopen(url: str, timeout: float) -> None:
        stuck.wait(10)
        raise TimeoutError

    monkeypatch.setattr(setup_venv.urllib.request, "urlopen", urlopen)

    assert not setup_venv.is_reachable("http://slow", 0.05)
    stuck.set()


def test_nothing_is_done_twice(
    setup_venv: ModuleType, venv: Path, installed: list[tuple[str, ...]]
) -> None:
    setup_venv.set_up(venv, PROJECT)
    setup_venv.set_up(venv, PROJECT)

    assert installed == [("--editable", ".[server,grpc,dev]")]


def test_a_change_is_installed(
    setup_venv: ModuleType, venv: Path, installed: list[tuple[str, ...]]
) -> None:
    setup_venv.set_up(venv, PROJECT)
    setup_venv.set_up(venv, changed("project", "dependencies", value=[]))

    assert len(installed) == 2


def test_an_unfinished_setup_is_finished_by_the_next(
    setup_venv: ModuleType,
    venv: Path,
    installed: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as failing:
        failing.setattr(setup_venv, "IMPORTED", ("no_such_module",))
        with pytest.raises(setup_venv.SetupError, match="no_such_module"):
            setup_venv.set_up(venv, PROJECT)

    setup_venv.set_up(venv, PROJECT)

    assert len(installed) == 2
    assert (venv / setup_venv.STAMP).exists()


@pytest.fixture
def created(setup_venv: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Records which environments would be created anew."""
    created: list[Path] = []
    monkeypatch.setattr(setup_venv, "create_empty_venv", created.append)
    return created


@pytest.mark.parametrize("broken", ["bin/python", "lib/python*/site-packages/pip.py"])
def test_an_environment_that_does_not_work_is_made_again(
    setup_venv: ModuleType, venv: Path, created: list[Path], broken: str
) -> None:
    setup_venv.make_venv(venv)
    assert created == []

    (path,) = venv.glob(broken)
    path.unlink()
    setup_venv.make_venv(venv)
    assert created == [venv]


def test_an_environment_of_another_python_is_made_again(
    setup_venv: ModuleType, venv: Path, created: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))

    setup_venv.make_venv(venv)

    assert created == [venv]


def test_a_failure_is_an_exit_code(
    setup_venv: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(venv: Path, project: object) -> None:
        raise setup_venv.SetupError("no space")

    monkeypatch.setattr(setup_venv, "set_up", fail)

    assert setup_venv.main([str(tmp_path)]) == 1
    assert "Setup failed: no space" in capsys.readouterr().err
