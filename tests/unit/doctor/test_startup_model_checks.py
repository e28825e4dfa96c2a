"""Models in a config.properties, judged by what TorchServe 0.12 was seen to do with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.doctor.made import config, facts, found, only, severity
from tsmon.doctor.checks.startup_models import startup_models
from tsmon.doctor.facts import ConfigFacts
from tsmon.doctor.findings import Finding, Severity

STORE = frozenset({"mnist.mar", "samples"})


def models(**values: Any) -> ConfigFacts:
    """A file whose `models` has these values for a version."""
    return config({"models": json.dumps({"mnist": {"1.0": values}})}, store=STORE)


def snapshot(count: int = 1, **values: Any) -> ConfigFacts:
    """The same in a `model_snapshot`, as KServe writes it."""
    version = {"defaultVersion": True, "marName": "mnist.mar", **values}
    value = {"name": "startup.cfg", "modelCount": count, "models": {"mnist": {"1.0": version}}}
    return config({"model_snapshot": json.dumps(value)}, store=STORE)


def finding_of(made: ConfigFacts) -> Finding:
    return only(startup_models, facts(config=made))


@pytest.mark.parametrize(
    "made",
    [
        models(minWorkers=1, maxWorkers=5, batchSize="4", maxBatchDelay=100, responseTimeout=120),
        snapshot(minWorkers=1, maxWorkers=5, responseTimeout=120),
        config({"load_models": "mnist=mnist.mar,https://example.org/other.mar"}, store=STORE),
        config({"load_models": "all"}, store=STORE),
    ],
)
def test_good_ones_are_well(made: ConfigFacts) -> None:
    assert severity(startup_models, facts(config=made)) is Severity.OK


@pytest.mark.parametrize("value", ["{", "[]", '{"mnist": 1}', '{"mnist": {"1.0": []}}'])
def test_what_is_not_of_the_form_is_an_error(value: str) -> None:
    assert severity(startup_models, facts(config=config({"models": value}))) is Severity.ERROR


@pytest.mark.parametrize(
    ("made", "expected", "words"),
    [
        (models(minWorker=1), Severity.WARNING, "does not know 'minWorker'"),
        (models(minWorkers=3, maxWorkers=1), Severity.WARNING, "min workers is above max workers"),
        (models(minWorkers="many"), Severity.ERROR, "refuses to start"),
        (models(responseTimeout=0), Severity.WARNING, "responseTimeout=0 is ignored"),
        (snapshot(responseTimeout=0), Severity.ERROR, "every request kills its worker"),
        (snapshot(marName="other.mar"), Severity.ERROR, "there is no other.mar in the model store"),
        (snapshot(0), Severity.WARNING, "modelCount of 0"),
        (
            config({"load_models": "a=gone.mar"}, store=STORE),
            Severity.WARNING,
            "there is no gone.mar",
        ),
        (
            config({"load_models": "all"}, store=STORE, no_models=("samples",)),
            Severity.WARNING,
            "takes folders for models: samples",
        ),
        (
            config({"load_models": "all", "default_workers_per_model": "0"}, store=STORE),
            Severity.WARNING,
            "one worker per GPU, or CPU core",
        ),
    ],
)
def test_what_torchserve_makes_of_it_is_said(
    made: ConfigFacts, expected: Severity, words: str
) -> None:
    finding = finding_of(made)

    assert finding.severity is expected
    assert words in finding.title


def test_the_nearest_known_name_is_offered() -> None:
    assert finding_of(models(minWorker=1)).remedy == "did you mean minWorkers?"


def test_archives_of_a_store_elsewhere_are_not_called_missing() -> None:
    elsewhere = config(snapshot().settings, store=None)

    said = found(startup_models, facts(config=elsewhere))

    assert [each.severity for each in said if each.checked] == [Severity.OK]
    assert "no model store of this machine" in said[-1].title
