"""The paths of a server's folder."""

from __future__ import annotations

from pathlib import Path

from tsmon.serving.home import Home, LogKind, log_path


def test_where_the_logs_are() -> None:
    home = Home(Path("/home"))

    assert {kind: str(log_path(home, kind)) for kind in LogKind} == {
        "server": "/home/logs/ts_log.log",
        "model": "/home/logs/model_log.log",
        "access": "/home/logs/access_log.log",
        "console": "/home/console.log",
    }
