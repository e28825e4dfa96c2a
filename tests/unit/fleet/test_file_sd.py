"""Prometheus' file_sd files: what is read, and what is said of those that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.fleet.file_sd import BadFile, parse_file_sd
from tsmon.fleet.targets import Origin

hosts = st.sampled_from(["gpu7", "10.0.0.7", "ts.example.com", "[::1]", "a-b_c"])
addresses = st.builds("{}:{}".format, hosts, st.integers(3, 65535))
words = st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=3)
labels = st.dictionaries(st.sampled_from(["env", "zone", "_x"]), words, max_size=2)
groups = st.lists(
    st.fixed_dictionaries({"targets": st.lists(addresses, max_size=4), "labels": labels}),
    max_size=3,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["targets", "labels", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(groups)
def test_every_target_is_read_with_the_labels_of_its_group(written: list[dict[str, Any]]) -> None:
    targets, problems = parse_file_sd(json.dumps(written))

    assert not problems
    read = [(target.name, dict(target.labels)) for target in targets]
    assert read == [(name, group["labels"]) for group in written for name in group["targets"]]
    assert {target.origin for target in targets} <= {Origin.FILE_SD}


@given(json_values)
def test_any_json_is_read_or_said_to_be_bad(value: Any) -> None:
    try:
        targets, problems = parse_file_sd(json.dumps(value))
    except BadFile as error:
        assert str(error)
    else:
        named = [text for group in value for text in group.get("targets", [])]
        assert len(targets) + len(problems) == len(named)


@given(st.text())
def test_any_text_is_read_or_said_to_be_bad(text: str) -> None:
    try:
        parse_file_sd(text)
    except BadFile as error:
        assert str(error)


@given(groups)
def test_json_means_the_same_where_it_is_read_as_yaml(written: list[dict[str, Any]]) -> None:
    text = json.dumps(written, ensure_ascii=False)  # YAML escapes other characters otherwise

    assert parse_file_sd(text, yaml=True) == parse_file_sd(text)


@given(st.text())
def test_any_text_is_read_as_yaml_or_said_to_be_bad(text: str) -> None:
    try:
        parse_file_sd(text, yaml=True)
    except BadFile as error:
        assert str(error)


def test_management_is_one_port_below_the_metrics_address() -> None:
    ((target,), _) = parse_file_sd('[{"targets": ["gpu7:8082"]}]')

    assert target.settings.url == "http://gpu7:8081"


def test_a_scheme_is_taken_from_its_label_which_is_not_shown() -> None:
    text = '[{"targets": ["gpu7:8082"], "labels": {"__scheme__": "https", "env": "prod"}}]'
    ((target,), _) = parse_file_sd(text)

    assert target.settings.url == "https://gpu7:8081"
    assert target.labels == {"env": "prod"}


def test_a_target_that_is_none_is_said_and_the_others_stay() -> None:
    text = '[{"targets": ["gpu7:8082", "gpu8", "http://x:8082/metrics", "a b:1", "low:2"]}]'
    targets, problems = parse_file_sd(text)

    assert [target.name for target in targets] == ["gpu7:8082"]
    assert len(problems) == 4
    assert "'gpu8' has no port" in problems


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "is not JSON"),
        ("{}", "is not a list of target groups"),
        ("[1]", "group 1 is not an object"),
        ('[{"targets": "a:8082"}]', "targets is not a list of strings"),
        ('[{"targets": [], "labels": {"a": 1}}]', "labels is not an object of strings"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_file_is_said_to_be_bad(text: str, why: str) -> None:
    with pytest.raises(BadFile, match=why):
        parse_file_sd(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "is not valid YAML"),
        ("a: b", "is not a list of target groups"),
        ("- targets: a:8082", "targets is not a list of strings"),
        ("- targets: [a:8082]\n  labels: [x]", "labels is not an object"),
        ("- !!python/object/apply:os.getcwd []", "group 1 is not an object"),
    ],
)
def test_a_bad_yaml_file_is_said_to_be_bad(text: str, why: str) -> None:
    with pytest.raises(BadFile, match=why):
        parse_file_sd(text, yaml=True)
