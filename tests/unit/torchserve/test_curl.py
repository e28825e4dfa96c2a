"""The curl lines: a shell reads them as they are meant, and no key is ever in them."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shell import words_of
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.curl import Curl
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.route import Route
from tsmon.torchserve.tokens import KeyRing

SECRETS = {"management": "B-E5KSRM", "inference": "gNRuA7dS", "API": "yv9uQajP"}
PLAIN = Curl(Addresses(), KeyRing())
NASTY = 'it\'s "$(touch x)" `id` $HOME\\ ; & | * [1] {a,b} é'

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1)
paths = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@pytest.fixture
def with_keys(tmp_path: Path) -> Curl:
    file = tmp_path / "key_file.json"
    file.write_text(json.dumps({kind: {"key": key} for kind, key in SECRETS.items()}))
    return Curl(Addresses(), KeyRing(file))


def test_the_lines_are_those_a_person_would_type() -> None:
    assert PLAIN.describe("mnist", "1.0") == "curl -sS http://127.0.0.1:8081/models/mnist/1.0"
    assert PLAIN.scale("mnist", "1.0", 2) == (
        "curl -sS -X PUT 'http://127.0.0.1:8081/models/mnist/1.0"
        "?min_worker=2&max_worker=2&synchronous=false'"
    )
    assert PLAIN.predict("mnist", "1.0", Path("/tmp/a 1.png")) == (
        "curl -sS http://127.0.0.1:8080/predictions/mnist/1.0 "
        "-H 'Content-Type: application/octet-stream' --data-binary '@/tmp/a 1.png'"
    )
    assert PLAIN.metrics() == "curl -sS http://127.0.0.1:8082/metrics"


def test_a_key_stands_as_a_variable_and_is_never_in_the_line(with_keys: Curl) -> None:
    describe = with_keys.describe("mnist", "1.0")
    predict = with_keys.predict("mnist", "1.0", Path("/tmp/a.png"))
    lines = [describe, predict, with_keys.scale("mnist", "1.0", 1), with_keys.metrics()]
    assert '-H "Authorization: Bearer $MANAGEMENT_TOKEN"' in describe
    assert '-H "Authorization: Bearer $INFERENCE_TOKEN"' in predict
    assert "Authorization" not in with_keys.metrics()
    assert not [line for line in lines for secret in SECRETS.values() if secret in line]


def test_certificates_are_checked_as_the_monitor_does() -> None:
    unchecked = Curl(Addresses(), KeyRing(), Route(verify=False))
    own = Curl(Addresses(), KeyRing(), Route(verify="/etc/my ca.pem"))
    assert unchecked.metrics().startswith("curl -sS -k http")
    assert own.metrics().startswith("curl -sS --cacert '/etc/my ca.pem' http")


def test_an_address_with_brackets_is_no_pattern() -> None:
    curl = Curl(Addresses.from_server("http://[::1]:8081"), KeyRing())
    assert curl.metrics() == "curl -sS -g 'http://[::1]:8082/metrics'"


def test_a_name_that_torchserve_cannot_address_has_no_line() -> None:
    with pytest.raises(InvalidArgument):
        PLAIN.describe("a/b", "1.0")


@given(names, names, st.integers(0, 99))
def test_any_name_comes_through_the_shell_and_the_url(name: str, version: str, n: int) -> None:
    *options, url = shlex.split(PLAIN.scale(name, version, n))
    parts = urlsplit(url)
    assert options == ["curl", "-sS", "-X", "PUT"]
    assert [unquote(part) for part in parts.path.split("/")] == ["", "models", name, version]
    assert parse_qs(parts.query)["min_worker"] == parse_qs(parts.query)["max_worker"] == [str(n)]


@given(paths)
def test_any_file_comes_through_the_shell(path: str) -> None:
    words = words_of(PLAIN.predict("mnist", "1.0", Path(path)))
    assert words[words.index("--data-binary") + 1] == f"@{Path(path)}"


def test_a_real_shell_takes_nothing_in_a_line_for_a_command(
    with_keys: Curl, tmp_path: Path
) -> None:
    line = with_keys.predict(NASTY, "1.0", Path(f"/tmp/{NASTY}"))
    script = f"curl() {{ printf '%s\\n' \"$@\"; }}\nINFERENCE_TOKEN='a b'\n{line}"
    ran = subprocess.run(
        ["/bin/sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    words = ran.stdout.splitlines()
    assert f"@/tmp/{NASTY}" in words
    assert "Authorization: Bearer a b" in words
    assert unquote(words[1]) == f"http://127.0.0.1:8080/predictions/{NASTY}/1.0"
    assert [entry.name for entry in tmp_path.iterdir()] == ["key_file.json"]
