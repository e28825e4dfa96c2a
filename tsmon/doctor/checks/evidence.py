"""The parts of the facts that checks need, or why they are not to be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.doctor.findings import NotChecked
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.doctor.facts import ConfigFacts, ExaminedServer, Facts
    from tsmon.serving.java_process import JavaProcess
    from tsmon.telemetry.scrape import Scrape
    from tsmon.telemetry.source import Description
    from tsmon.torchserve.records import ModelVersion


def server_of(facts: Facts) -> ExaminedServer:
    """The server's answers.

    Raises:
        NotChecked: it does not answer.
    """
    if facts.server is None:
        raise NotChecked("the server was not queried")
    if not facts.server.reachable:
        raise NotChecked("the server does not answer")
    return facts.server


def models_of(facts: Facts) -> tuple[ModelVersion, ...]:
    """Every version of every model that can be judged.

    Raises:
        NotChecked: they cannot be read, or there are none.
    """
    models = [entry.model for entry in descriptions_of(facts) if entry.is_judged]
    if not models:
        raise NotChecked("no model could be read")
    return tuple(models)


def descriptions_of(facts: Facts) -> tuple[Description, ...]:
    """Every version of every model, those that could not be read among them.

    Raises:
        NotChecked: there are none, or not even their list could be read.
    """
    models = server_of(facts).observation.models
    if isinstance(models, TorchServeError):
        raise NotChecked(f"the models cannot be read: {models}")
    if not models:
        raise NotChecked("no model is registered")
    return models


def server_scrape(facts: Facts) -> Scrape:
    """What /metrics answered.

    Raises:
        NotChecked: it did not.
    """
    scrape = server_of(facts).observation.scrape
    if isinstance(scrape, TorchServeError):
        raise NotChecked(f"/metrics cannot be read: {scrape}")
    return scrape


def process_of(facts: Facts) -> JavaProcess:
    """The server's process on this machine.

    Raises:
        NotChecked: it is not here, or cannot be seen.
    """
    if facts.machine.server is None:
        raise NotChecked(facts.machine.why_no_server)
    return facts.machine.server


def config_of(facts: Facts) -> ConfigFacts:
    """The settings file.

    Raises:
        NotChecked: none is known, or it cannot be read.
    """
    if facts.config.path is None or facts.config.settings is None:
        raise NotChecked(facts.config.problem)
    return facts.config


def named(model: ModelVersion) -> str:
    """A model as a person calls it."""
    return f"{model.name} {model.version}"
