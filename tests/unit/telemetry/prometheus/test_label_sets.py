"""How targets differ by their labels."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.prometheus.label_sets import distinguishing, names_of, values_of

NAMES = ("instance", "job", "cluster", "namespace", "pod")
LABEL_SETS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(("a", "b", "c")))
TARGETS = st.lists(LABEL_SETS, max_size=12, unique_by=lambda labels: values_of(labels, NAMES))


@given(TARGETS)
def test_no_two_targets_agree_in_the_labels_that_distinguish(targets: list[dict[str, str]]) -> None:
    key = distinguishing(targets)
    assert key[0] == "instance"
    assert len(set(key)) == len(key)
    assert len({values_of(labels, key) for labels in targets}) == len(targets)


@given(TARGETS)
def test_no_two_targets_have_one_name_where_instances_are_known(
    targets: list[dict[str, str]],
) -> None:
    known = [labels for labels in targets if labels.get("instance") or labels.get("pod")]
    names = names_of(known)
    assert len(names) == len(known)
    assert all(names)


def test_the_instance_alone_is_enough_where_it_differs() -> None:
    targets = [{"instance": f"gpu{number}:8082", "job": "a"} for number in range(3)]
    assert distinguishing(targets) == ("instance",)
    assert names_of(targets) == ["gpu0:8082", "gpu1:8082", "gpu2:8082"]


def test_labels_that_differ_only_together_are_all_taken() -> None:
    targets = [{"instance": "x", "job": one, "cluster": two} for one in "ab" for two in "ab"]
    assert set(distinguishing(targets)) == {"instance", "job", "cluster"}
    assert names_of(targets) == ["a/a/x", "a/b/x", "b/a/x", "b/b/x"]
