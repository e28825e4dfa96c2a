"""What is taken out of every text before anybody sees it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.untrusted import secrets
from tsmon.untrusted.secrets import HIDDEN, masked, masked_address, masked_values, never_show
from tsmon.untrusted.text import one_line, visible

KEY = "B-E5KSRM"
userinfo = st.text("abcXYZ019:-._~!$&()*+,;=%@?#", min_size=1)
LONG = 1_000_000


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(secrets, "_known", set())
    never_show([KEY])
    yield


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:pw@host/m.mar", "https://***@host/m.mar"),
        ("https://me:p@ss@host/m.mar", "https://***@host/m.mar"),
        ("from https://s3/m.mar?X-Amz-Signature=abc&b=c, 1", "from https://s3/m.mar?*** 1"),
        ("s3://bucket/m.mar?sig=a%2Fb", "s3://bucket/m.mar?***"),
        (
            '"POST /models?url=https%3A%2F%2Fme%3Apw%40s3%2Fm.mar%3FX-Sig%3Dab%2Fc&model_name=m 1"',
            '"POST /models?url=https%3A%2F%2F***%40s3%2Fm.mar%3F***&model_name=m 1"',
        ),
        (
            "/models?url=https:%2f%2fme:pw%40s3%2fm.mar%3fX-Sig=ab",
            "/models?url=https:%2f%2f***%40s3%2fm.mar%3F***",
        ),
        (
            '"POST /models?url=https://s3/m.mar?X-Sig=ab/c&model_name=m HTTP/1.1" 200',
            '"POST /models?url=https://s3/m.mar?*** HTTP/1.1" 200',
        ),
        (
            "http://ts:8081/models?url=https://s3/m.mar?X-Sig=ab",
            "http://ts:8081/models?***",
        ),
        ("http://ts/m?limit=5&token=true&k=Zm9vYmFy", "http://ts/m?***"),
        ("http://ts/m?expires=1700000000", "http://ts/m?***"),
    ],
)
def test_what_a_url_should_not_show_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "/models?url=https%3A%2F%2Fs3%2Fm.mar&workers=1",
        "curl -X PUT 'http://127.0.0.1:8081/models/m?min_worker=2&max_worker=2&synchronous=false'",
        "mnist\t1.0",
        "somebody@example.org asks why? 1:2",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


@given(userinfo, st.sampled_from(["https://", "http://", "s3://"]))
def test_no_password_of_a_url_survives(password: str, scheme: str) -> None:
    told = f"cannot reach {scheme}user:Pa55word{password}@host/m.mar?sig=Pa55word{password} now"

    assert "Pa55word" not in masked(told)
    assert masked(told).startswith(f"cannot reach {scheme}{HIDDEN}")


@given(st.sampled_from(["", "http://"]), st.text())
def test_no_password_of_what_was_meant_as_an_address_survives(scheme: str, password: str) -> None:
    assert "Pa55word" not in masked_address(f"{scheme}user:{password}Pa55word{password}@host:8081")


@pytest.mark.usefixtures("known")
def test_a_key_is_masked_wherever_it_stands() -> None:
    assert masked(f"Bearer {KEY}.") == "Bearer ***."
    assert visible(f"\x1b{KEY}") == "\\x1b***"
    assert one_line(f"a\n{KEY}") == "a ***"


@pytest.mark.usefixtures("known")
def test_texts_within_a_value_are_masked_and_nothing_else() -> None:
    value = {"a": [KEY, 1, None], f"{KEY}": ("http://u:p@h", True)}

    assert masked_values(value) == {"a": ["***", 1, None], "***": ["http://***@h", True]}


@pytest.mark.usefixtures("known")
def test_a_word_too_short_for_a_key_stays_a_word() -> None:
    never_show(["key", ""])

    assert masked("the key") == "the key"


@pytest.mark.parametrize(
    "piece", ["a://", "a.", "://a@", "a%3A%2F%2F", "%2F%2Fa.", "a://a?", "http://a?b=1&", "@"]
)
def test_no_text_takes_longer_than_its_length_accounts_for(piece: str) -> None:
    text = "://%2F%2F" + piece * (LONG // len(piece)) + "://%2F%2F"

    began = time.process_time()
    masked(text)

    assert time.process_time() - began < 10  # a quadratic one takes hours
