"""A scene for each row."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.elsewhere import no_other_server
from tests.faults.certificates import make_certificates
from tests.faults.rows import Ground
from tests.faults.scene import Scene, scene
from tests.tui.conftest import nobodys_clipboard, quick

__all__ = ["no_other_server", "nobodys_clipboard", "quick"]

Certificates = tuple[dict[str, ssl.SSLContext], Path]
SceneOn = Callable[[Ground], Scene]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def scene_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[SceneOn]:
    """Makes a scene as a row needs it."""
    monkeypatch.setenv("TSMON_HOME", str(tmp_path / "home"))
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    with ExitStack() as stack:

        def make(ground: Ground) -> Scene:
            contexts, ca_file = None, None
            secure = ground is Ground.SECURE
            if secure or ground is Ground.EITHER:
                contexts, ca_file = request.getfixturevalue("certificates")
            tokens = ground is Ground.TOKENS
            return stack.enter_context(
                scene(tmp_path, contexts, ca_file, secure=secure, tokens=tokens)
            )

        yield make
