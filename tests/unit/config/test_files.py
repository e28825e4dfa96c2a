"""Reading the configuration files: which wins, what is refused, and how that is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.config import files
from tsmon.config.errors import ConfigError
from tsmon.config.files import Loaded, load
from tsmon.config.schema import Config, NotifySettings, ServerSettings
from tsmon.config.trust import pointing, trust


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TSMON_CONFIG")


@pytest.fixture(autouse=True)
def nothing_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def written(folder: Path, text: str, name: str = "config.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def read(tmp_path: Path, text: str) -> Loaded:
    return load(written(tmp_path, text), folder=tmp_path)


def refused(tmp_path: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, text)
    return raised.value


def test_an_empty_file_leaves_every_default(tmp_path: Path) -> None:
    assert read(tmp_path, "").config == Config()


def test_settings_are_read(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        """
        server = "prod"
        [monitor]
        period = 2
        symbols = "ascii"
        [keys.bind]
        "model.register" = "ctrl+r"
        [fleet]
        file_sd = ["targets/*.json"]
        [servers.prod]
        url = "https://ts.example:8081"
        read_only = true
        color = "red"
        """,
    ).config

    assert config.server == "prod"
    assert (config.monitor.period, config.monitor.symbols) == (2.0, "ascii")
    assert config.keys.bind == {"model.register": "ctrl+r"}
    assert config.fleet.file_sd == (tmp_path / "targets/*.json",)
    assert config.servers["prod"].read_only
    assert config.servers["prod"].color == "red"


def test_a_projects_file_wins_setting_by_setting(tmp_path: Path) -> None:
    user = written(tmp_path, "[monitor]\nperiod = 5\nspan = 300\n[servers.a]\nurl = 'a'")
    project = written(tmp_path / "p", "[monitor]\nperiod = 2\n[servers.b]\nurl = 'b'", "tsmon.toml")
    trust(project, pointing(files.read(project)))

    loaded = load(user, folder=tmp_path / "p")

    assert (loaded.config.monitor.period, loaded.config.monitor.span) == (2.0, 300.0)
    assert set(loaded.config.servers) == {"a", "b"}
    assert loaded.files == (user, project)
    assert loaded.project == project
    assert loaded.origins["monitor", "period"] == project
    assert loaded.origins["monitor", "span"] == user


def test_where_the_project_points_waits_for_a_word_and_the_rest_does_not(tmp_path: Path) -> None:
    text = "server = 'http://evil'\n[monitor]\nperiod = 2\n[servers.b]\nurl = 'b'\ncolor = 'red'"
    project = written(tmp_path / "p", text, "tsmon.toml")

    loaded = load(tmp_path / "p" / "tsmon.toml", folder=tmp_path)
    assert not loaded.withheld, "a file that the user names is the user's word"

    loaded = load(written(tmp_path, ""), folder=project.parent)
    assert loaded.config.monitor.period == 2.0
    assert (loaded.config.server, dict(loaded.config.servers)) == ("", {})
    assert set(loaded.withheld) == {
        ("server",),
        ("servers", "b", "url"),
        ("servers", "b", "color"),
    }


def test_a_server_that_the_project_puts_elsewhere_keeps_no_key_of_the_users(tmp_path: Path) -> None:
    user = written(
        tmp_path,
        "[servers.prod]\nurl = 'prod'\nkey_file = '/k'\nca_file = '/c'\ninsecure = true\n"
        "logs = '/l'\nread_only = true\ncolor = 'red'",
    )
    project = written(tmp_path / "p", "[servers.prod]\nmetrics_url = 'evil'", "tsmon.toml")
    trust(project, pointing(files.read(project)))

    loaded = load(user, folder=tmp_path / "p")

    assert loaded.config.servers["prod"] == ServerSettings(
        metrics_url="evil", read_only=True, color="red"
    )
    assert ("servers", "prod", "key_file") not in loaded.origins
    assert loaded.is_projects("servers", "prod")


def test_a_relative_path_counts_from_its_file(tmp_path: Path) -> None:
    config = read(tmp_path, "[servers.a]\nkey_file = 'keys/key_file.json'").config

    assert config.servers["a"].key_file == tmp_path / "keys" / "key_file.json"


def test_the_home_folder_can_be_meant(tmp_path: Path) -> None:
    config = read(tmp_path, "[monitor]\nsamples = '~/digits'").config

    assert config.monitor.samples == Path.home() / "digits"


@pytest.mark.parametrize(
    ("text", "line", "problem", "hint"),
    [
        ("[monitor]\nperoid = 2", 2, "monitor.peroid: peroid is not a setting", "mean period?"),
        ("\n[montior]\nperiod = 2", 2, "montior is not a setting of the file", "mean monitor?"),
        ("[monitor]\n\nperiod = '2'", 3, "monitor.period: '2' is not a number", ""),
        ("[monitor]\nperiod = nan", 2, "is not a number", ""),
        ("[monitor]\nperiod = 0.01", 2, "0.01 is less than 0.2", ""),
        ("[monitor]\nsymbols = 'brail'", 2, "not one of braille, block, ascii", "mean braille?"),
        ("[keys]\nbind = 3", 2, "3 is not a table, [keys.bind]", ""),
        ("keys = 3", 1, "3 is not a table, [keys]", ""),
        ("[keys.bind]\n'a.b' = 3", 2, "3 is not a quoted string", ""),
        ("[servers.prod]\nread_only = 'yes'", 2, "'yes' is not true or false", ""),
        ("[servers.prod]\ncolour = 'red'", 2, "colour is not a setting", "mean color?"),
        ("[fleet]\nfile_sd = 'a.json'", 2, "not a list of strings", ""),
        ("[limits.a]\nwhen = 'value > 5'", 2, "limits.a.when", ""),
        ("[limits.a]\nwhen = 'p95 > 5 ms'\nseries = 'x'", 2, "limits.a.when", ""),
        ("servers.prod.url = 8081", 1, "8081 is not a quoted string", ""),
    ],
)
def test_what_is_no_setting_is_told_with_its_place(
    tmp_path: Path, text: str, line: int, problem: str, hint: str
) -> None:
    error = refused(tmp_path, text)

    assert (error.file, error.line) == (tmp_path / "config.toml", line)
    assert problem in str(error)
    assert f"line {line}" in str(error)
    assert hint in error.hint


def test_what_is_no_toml_is_told_with_its_place(tmp_path: Path) -> None:
    assert "line 2: is not valid TOML" in str(refused(tmp_path, "[monitor]\nperiod = \nspan = 60"))


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml", folder=tmp_path)


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match="not text in UTF-8"):
        load(tmp_path / "config.toml", folder=tmp_path)


def test_a_project_adds_limits_and_touches_none_of_the_users(tmp_path: Path) -> None:
    user = written(tmp_path, "[limits.slow]\nwhen = 'p95 > 50 ms'")
    text = "[limits.slow]\nwhen = ''\nmodel = 'x'\n[limits.full]\nwhen = 'queue > 20'"
    project = written(tmp_path / "p", text, "tsmon.toml")

    limits = load(user, folder=project.parent).config.limits

    assert {name: (limit.when, limit.model) for name, limit in limits.items()} == {
        "slow": ("p95 > 50 ms", ""),
        "full": ("queue > 20", ""),
    }


def test_a_project_has_nothing_run_or_sent_before_it_is_trusted(tmp_path: Path) -> None:
    text = "[notify]\nexec = ['./x.sh']\nwebhook = 'https://evil.example'\nevents = []"
    project = written(tmp_path / "p", text, "tsmon.toml")
    user = written(tmp_path, "[notify]\nbell = true")

    assert load(user, folder=project.parent).config.notify == NotifySettings(bell=True)

    trust(project, pointing(files.read(project)))
    found = load(user, folder=project.parent).config.notify
    assert found == NotifySettings((), True, "", ("./x.sh",), "https://evil.example")
