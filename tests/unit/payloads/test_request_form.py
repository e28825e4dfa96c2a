"""What a payload is put into: paths, headers, forms, KServe's JSON."""

from __future__ import annotations

import json
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.payloads.payload import BYTES, Payload, PayloadError, Text
from tsmon.payloads.request_form import METHODS, RequestForm, Template
from tsmon.torchserve.errors import InvalidArgument

V1, V2 = RequestForm(template=Template.KSERVE_V1), RequestForm(template=Template.KSERVE_V2)


def text(content: str, content_type: str = "text/plain") -> Text:
    return Text(Path("a.txt/1"), None, content_type, content)


def sent(form: RequestForm, payload: Payload) -> Any:
    return json.loads(form.body(payload)[1])


def test_a_file_goes_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b'{"a": 1}\n')

    request = RequestForm(headers={"X-Team": "blue"}).request(Payload.at(file), "m", "2.0")

    assert request.method == "POST"
    assert request.path == "/predictions/m/2.0"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["X-Team"] == "blue"
    assert request.body == b'{"a": 1}\n'


@pytest.mark.parametrize(
    ("form", "path"),
    [
        (RequestForm(explain=True), "/explanations/m"),
        (V1, "/v1/models/m:predict"),
        (RequestForm(template=Template.KSERVE_V1, explain=True), "/v1/models/m:explain"),
        (V2, "/v2/models/m/infer"),
        (RequestForm(template=Template.KSERVE_V2, explain=True), "/v2/models/m/explain"),
    ],
)
def test_each_way_to_ask_has_its_path(form: RequestForm, path: str) -> None:
    assert form.path("m") == path


def test_what_a_path_cannot_say_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="have no version"):
        V1.path("m", "1.0")
    with pytest.raises(InvalidArgument):
        RequestForm(explain=True).path("a/b")


@pytest.mark.parametrize(
    ("payload", "instances"),
    [
        (text("good"), [{"data": "good"}]),
        (text("ab", BYTES), [{"data": "YWI="}]),
        (text('{"x": 1}', "application/json"), [{"x": 1}]),
        (text("[1, 2]", "application/json"), [[1, 2]]),
        (text('{"instances": [3]}', "application/json"), [3]),
    ],
)
def test_kserve_v1_has_instances(payload: Text, instances: list[Any]) -> None:
    assert sent(V1, payload) == {"instances": instances}


@pytest.mark.parametrize(
    ("payload", "datatype", "shape", "data"),
    [
        (text("good"), "BYTES", [1], ["good"]),
        (text("ab", BYTES), "BYTES", [1], ["YWI="]),
        (text("[[1, 2, 3], [4, 5, 6]]", "application/json"), "INT64", [2, 3], [1, 2, 3, 4, 5, 6]),
        (text("[0.5, 1]", "application/json"), "FP32", [2], [0.5, 1]),
        (text("7", "application/json"), "INT64", [1], [7]),
    ],
)
def test_kserve_v2_has_tensors(
    payload: Text, datatype: str, shape: list[int], data: list[Any]
) -> None:
    (tensor,) = sent(V2, payload)["inputs"]
    assert (tensor["datatype"], tensor["shape"], tensor["data"]) == (datatype, shape, data)


@pytest.mark.parametrize("content", ["[[1], [2, 3]]", "[1, [2]]", "[true]", "[null]", "nul"])
def test_what_is_no_tensor_is_refused(content: str) -> None:
    with pytest.raises(PayloadError):
        V2.body(text(content, "application/json"))


numbers = st.recursive(
    st.integers(-9, 9), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=8
)


@given(numbers)
def test_a_tensors_shape_holds_its_numbers(value: Any) -> None:
    try:
        (tensor,) = sent(V2, text(json.dumps(value), "application/json"))["inputs"]
    except PayloadError:
        return
    size = 1
    for side in tensor["shape"]:
        size *= side
    assert size == len(tensor["data"])


names = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=8)


@given(names, st.text(st.characters(blacklist_categories=["Cs"]), max_size=40), names)
def test_a_form_says_what_was_put_into_it(field: str, content: str, value: str) -> None:
    if value.startswith("@"):
        return
    form = RequestForm(form_field=field, fields=(("also", value),))
    content_type, body = form.body(text(content))

    message = BytesParser(policy=HTTP).parsebytes(
        f"Content-Type: {content_type}\r\n\r\n".encode() + body
    )
    first, second = (part.get_payload(decode=True) for part in message.iter_parts())
    assert first == content.encode()
    assert second == value.encode()


def test_a_field_can_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text("[1]")
    form = RequestForm(form_field="data", fields=(("more", f"@{tmp_path}/b.json"),))

    body = form.body(text("x"))[1]

    assert b'name="more"; filename="b.json"\r\nContent-Type: application/json\r\n\r\n[1]' in body


@pytest.mark.parametrize(
    "bad",
    [
        {"method": "BREW"},
        {"headers": {"a b": "c"}},
        {"headers": {"X": "a\r\nHost: b"}},
        {"content_type": "a\r\nb"},
        {"template": Template.KSERVE_V1, "form_field": "data"},
        {"fields": (("a", "b"),)},
    ],
)
def test_what_cannot_be_sent_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        RequestForm(**bad)


def test_methods_are_those_of_the_server() -> None:
    assert "OPTIONS" not in METHODS
