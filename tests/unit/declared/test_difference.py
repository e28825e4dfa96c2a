"""The plan from what a server has to what it is to have."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tsmon.declared.difference import Action, Difference, difference
from tsmon.declared.state import DeclaredState, DeclaredVersion

NOTHING = DeclaredState()
ONE = DeclaredVersion("m", "1.0", "m.mar", True, 1, 1, 1, 100, 120, 120)
TWO = DeclaredVersion("m", "2.0", "m2.mar", False, 1, 1, 1, 100, 120, 120)


def state(*versions: DeclaredVersion) -> DeclaredState:
    return DeclaredState(versions)


def actions(plan: Difference) -> list[tuple[Action, str]]:
    return [(step.action, step.version.version) for step in plan.steps]


def test_a_new_version_is_registered_before_it_becomes_the_default() -> None:
    wanted = state(replace(ONE, default=False), replace(TWO, default=True))
    plan = difference(wanted, state(ONE), prune=False)
    assert actions(plan) == [(Action.REGISTER, "2.0"), (Action.SET_DEFAULT, "2.0")]


def test_workers_are_scaled_and_settings_registered_again() -> None:
    wanted = state(replace(ONE, min_workers=3, max_workers=3))
    assert actions(difference(wanted, state(ONE), prune=False)) == [(Action.SCALE, "1.0")]
    wanted = state(replace(ONE, batch_size=8, min_workers=3))
    (step,) = difference(wanted, state(ONE), prune=False).steps
    assert step.action is Action.REGISTER_AGAIN
    assert step.interrupts
    assert step.why == "batch size 1 → 8"


def test_what_is_not_declared_is_left_alone_unless_it_is_pruned() -> None:
    plan = difference(state(ONE), state(ONE, TWO), prune=False)
    assert not plan.steps
    assert plan.undeclared == (TWO,)
    assert actions(difference(state(ONE), state(ONE, TWO), prune=True)) == [
        (Action.UNREGISTER, "2.0")
    ]


def test_a_default_version_is_removed_after_the_others() -> None:
    assert actions(difference(NOTHING, state(ONE, TWO), prune=True)) == [
        (Action.UNREGISTER, "2.0"),
        (Action.UNREGISTER, "1.0"),
    ]


def test_what_a_file_leaves_open_differs_from_nothing() -> None:
    wanted = state(DeclaredVersion("m", "1.0", "m.mar", True, 1))
    assert not difference(wanted, state(ONE), prune=True).steps


@st.composite
def states(draw: st.DrawFn) -> DeclaredState:
    versions: list[DeclaredVersion] = []
    for name in draw(st.sets(st.sampled_from("abc"))):
        numbers = draw(st.lists(st.sampled_from(["1", "2", "3"]), min_size=1, unique=True))
        default = draw(st.sampled_from(numbers))
        for number in numbers:
            least = draw(st.integers(0, 3))
            batch = draw(st.integers(1, 2))
            versions.append(
                DeclaredVersion(name, number, f"{name}.mar", number == default, least, least, batch)
            )
    return DeclaredState(tuple(versions))


def follow(plan: Difference, found: DeclaredState) -> DeclaredState:
    """What a server would have afterwards, by TorchServe's rules."""
    models = {(each.name, each.version): each for each in found.models}
    for step in plan.steps:
        version, key = step.version, (step.version.name, step.version.version)
        siblings = [each for each in models.values() if each.name == version.name]
        match step.action:
            case Action.REGISTER:
                assert key not in models
                models[key] = replace(version, default=not siblings)
            case Action.REGISTER_AGAIN:
                models[key] = replace(version, default=models[key].default)
            case Action.SCALE:
                models[key] = replace(version, default=models[key].default)
            case Action.SET_DEFAULT:
                for each in siblings:
                    other = (each.name, each.version)
                    models[other] = replace(each, default=other == key)
            case Action.UNREGISTER:
                assert not models[key].default or len(siblings) == 1, "TorchServe answers 403"
                del models[key]
    return DeclaredState(tuple(models.values()))


@given(states(), states())
def test_the_plan_leads_where_it_should_and_then_there_is_nothing_to_do(
    wanted: DeclaredState, found: DeclaredState
) -> None:
    left = follow(difference(wanted, found, prune=True), found)
    assert set(left.models) == set(wanted.models)
    assert not difference(wanted, left, prune=True).steps
