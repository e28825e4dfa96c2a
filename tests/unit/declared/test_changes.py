"""One change, planned for servers that have different things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.declared.test_difference import NOTHING, ONE, TWO, follow, state, states
from tsmon.declared.changes import (
    Change,
    PutBack,
    RegisterOn,
    ReplaceBy,
    ScaleTo,
    Unregister,
    names_of,
    plan_for,
)
from tsmon.declared.state import DeclaredState, DeclaredVersion

BOTH = state(ONE, TWO)


def steps(change: Change, found: DeclaredState) -> list[str]:
    return [f"{step.action} {step.version}" for step in plan_for("a", change, found).steps]


@pytest.mark.parametrize(
    ("change", "found", "wanted"),
    [
        (ScaleTo("m", "", 3), BOTH, ["scale m 1.0"]),
        (ScaleTo("m", "2.0", 3), BOTH, ["scale m 2.0"]),
        (ScaleTo("m", "", 1), BOTH, []),
        (RegisterOn(TWO), state(ONE), ["register m 2.0"]),
        (RegisterOn(ONE), NOTHING, ["register m 1.0"]),
        (RegisterOn(ONE), BOTH, []),
        (
            ReplaceBy("m", "", "m2.mar", "2.0"),
            state(ONE),
            ["register m 2.0", "set default m 2.0", "unregister m 1.0"],
        ),
        (ReplaceBy("m", "1.0", "m2.mar", "2.0"), BOTH, ["set default m 2.0", "unregister m 1.0"]),
        (ReplaceBy("m", "1.0", "m2.mar", "2.0"), state(replace(TWO, default=True)), []),
        (Unregister("m", "2.0"), BOTH, ["unregister m 2.0"]),
        (Unregister("m", "", every=True), BOTH, ["unregister m 2.0", "unregister m 1.0"]),
        (Unregister("m", ""), state(ONE), ["unregister m 1.0"]),
    ],
)
def test_steps_are_what_a_server_is_missing(
    change: Change, found: DeclaredState, wanted: list[str]
) -> None:
    assert steps(change, found) == wanted


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (ScaleTo("x", "", 3), "it has no x"),
        (ReplaceBy("x", "1.0", "x.mar", "2.0"), "it has no x 1.0"),
        (ReplaceBy("m", "", "m.mar", "1.0"), "m 1.0 is there already"),
        (Unregister("x", "", every=True), "it has no x"),
        (ScaleTo("m", "", 1), "it is as it should be"),
    ],
)
def test_why_nothing_is_to_be_done_is_said(change: Change, words: str) -> None:
    plan = plan_for("a", change, BOTH)
    assert (plan.steps, plan.why_not, plan.obstacle) == ((), words, "")


def test_a_default_version_that_leaves_others_is_an_obstacle() -> None:
    plan = plan_for("a", Unregister("m", "1.0"), BOTH)
    assert not plan.steps
    assert plan.obstacle == "m 1.0 is the default version and 2.0 would be left"


@st.composite
def changes(draw: st.DrawFn) -> Change:
    name, version = draw(st.sampled_from("abc")), draw(st.sampled_from(["", "1", "2"]))
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return ScaleTo(name, version, draw(st.integers(0, 3)))
    if kind == 1:
        return RegisterOn(DeclaredVersion(name, version or "9", f"{name}.mar", False, 1, 1, 1))
    if kind == 2:
        return ReplaceBy(name, version, "new.mar", draw(st.sampled_from(["2", "9"])))
    return Unregister(name, version, every=draw(st.booleans()))


@given(changes(), states())
def test_a_change_leads_where_it_should_and_back_again(
    change: Change, found: DeclaredState
) -> None:
    plan = plan_for("a", change, found)
    left = follow(plan.plan, found)
    assert not plan_for("a", change, left).steps
    back = plan_for("a", PutBack(names_of(plan.steps), found), left)
    assert set(follow(back.plan, left).models) == set(found.models)


@given(changes(), states())
def test_no_other_model_is_touched(change: Change, found: DeclaredState) -> None:
    plan = plan_for("a", change, found)
    assert len(names_of(plan.steps)) <= 1
