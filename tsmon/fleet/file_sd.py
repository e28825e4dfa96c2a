"""Prometheus' file-based service discovery: the JSON and YAML files that name what it scrapes.

A file is a list of groups, each with `targets` (`host:port` of a metrics address) and `labels`.
Prometheus: Configuration, <file_sd_config>.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tsmon.config.schema import ServerSettings
from tsmon.fleet.targets import FleetTarget, Origin
from tsmon.torchserve.addresses import Addresses, Base
from tsmon.torchserve.errors import InvalidArgument
from tsmon.untrusted.json import BadJson, parse_json

SCHEME = "__scheme__"
"""The label that makes Prometheus scrape by https."""
HIDDEN_PREFIX = "__"
"""How labels begin that are meant for Prometheus alone."""
MOST_TARGETS = 10_000
"""Of one file."""
MOST_LABELS = 100
"""Of one group."""


YAML_HINT = "pip install 'tsmon[yaml]', or write the same as JSON"


class BadFile(Exception):
    """A file is no list of targets; the message says why."""


def parse_file_sd(
    text: str, *, yaml: bool = False
) -> tuple[tuple[FleetTarget, ...], tuple[str, ...]]:
    """The targets of a file, and what is wrong with those that had to be left out.

    Raises:
        BadFile: it is not what Prometheus reads, or it is YAML and PyYAML is not installed.
    """
    targets: list[FleetTarget] = []
    problems: list[str] = []
    for group in _groups(text, _yaml if yaml else _json):
        labels = _labels(group)
        addresses = _addresses(group)
        # With YAML's aliases a short file can name a group, and it its targets, millions of times.
        if len(targets) + len(problems) + len(addresses) > MOST_TARGETS:
            raise BadFile(f"has more than {MOST_TARGETS:,} targets")
        for address in addresses:
            try:
                targets.append(target_at(address, labels, Origin.FILE_SD))
            except InvalidArgument as error:
                problems.append(error.message)
    return tuple(targets), tuple(problems)


def target_at(address: str, labels: Mapping[str, str], origin: Origin) -> FleetTarget:
    """The TorchServe whose metrics address this is; management is one port below it.

    Raises:
        InvalidArgument: it is no `host:port`, or no such ports are below it.
    """
    if "/" in address:
        raise InvalidArgument(f"{address!r} is not host:port")
    base = Base.parse(f"{labels.get(SCHEME) or 'http'}://{address}")
    if base.port is None:
        raise InvalidArgument(f"{address!r} has no port")
    management = base.url(base.port - 1)
    Addresses.from_server(management)
    visible = {name: text for name, text in labels.items() if not name.startswith(HIDDEN_PREFIX)}
    return FleetTarget(address, ServerSettings(url=management), origin, visible)


def _json(text: str) -> Any:
    try:
        return parse_json(text)
    except BadJson as error:
        raise BadFile(f"is not JSON: {error}") from None


def _yaml(text: str) -> Any:
    try:
        # Imported where it is needed: it comes with an extra.
        from yaml import BaseLoader, YAMLError, load
    except ImportError:
        raise BadFile(f"is YAML, which needs PyYAML: {YAML_HINT}") from None
    try:
        # It takes each scalar for a text, as Prometheus does of labels, and can make nothing else.
        return load(text, BaseLoader)  # noqa: S506
    # An escape such as \UFFFFFFFF names no character, and fails as one.
    except (YAMLError, ValueError, OverflowError) as error:
        raise BadFile(f"is not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise BadFile("is nested too deeply") from None


def _groups(text: str, parse: Callable[[str], Any]) -> Iterator[Mapping[str, Any]]:
    groups = parse(text)
    if not isinstance(groups, list):
        raise BadFile("is not a list of target groups")
    for number, group in enumerate(groups, 1):
        if not isinstance(group, dict):
            raise BadFile(f"group {number} is not an object with targets and labels")
        yield group


def _addresses(group: Mapping[str, Any]) -> list[str]:
    return _texts(group.get("targets", []), "targets is not a list of strings")


def _labels(group: Mapping[str, Any]) -> dict[str, str]:
    labels = group.get("labels") or {}
    if not isinstance(labels, dict):
        raise BadFile("labels is not an object of strings")
    if len(labels) > MOST_LABELS:
        raise BadFile(f"has a group with more than {MOST_LABELS} labels")
    _texts(list(labels.values()), "labels is not an object of strings")
    return labels


def _texts(values: Any, problem: str) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadFile(problem)
    return values
