"""Workflows: several models joined to one, under `/workflows` and `/wfpredict`.

Contract: `frontend/server/.../workflow/api/http/` of pytorch/serve 0.12. A workflow's models are
models of the server too, named `WORKFLOW__MODEL`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from tsmon.torchserve.changes import Change, reject_slash, segment
from tsmon.torchserve.connection import Connection, read_json
from tsmon.torchserve.errors import ApiError, InvalidArgument, NotFound, NotTorchServe
from tsmon.torchserve.management import (
    CHANGE_TIMEOUT_S,
    MOST_PAGES,
    PAGE_LIMIT,
    READ_TIMEOUT_S,
    Management,
)
from tsmon.torchserve.records import JAVA_INT, Json, parse_status
from tsmon.torchserve.tokens import KeyKind
from tsmon.units import count

if TYPE_CHECKING:
    from tsmon.torchserve.connection import Parameters

WORKFLOWS = "/workflows"
DISABLED_HINT = "register its models one by one, and chain them in a handler"
_STEP = re.compile(r"([^=,{}\[\]\s]+)=\[([^\]]*)\]")
"""One node of `{pre=[up, down], up=[post]}`, Java's words for a map, with those that follow it."""


class Workflow(Struct, frozen=True):
    """A workflow; the list has no more than its name and archive."""

    name: str
    url: str = ""
    min_workers: int | None = None
    """Of each of its models, as the other numbers; None where the answer does not say it."""
    max_workers: int | None = None
    batch_size: int | None = None
    max_batch_delay_ms: int | None = None
    steps: tuple[tuple[str, str], ...] = ()
    """Which node passes its answer to which."""
    raw: Json = field(default_factory=dict)
    """The answer as it came, for `--json`."""


class Workflows:
    """The workflows of one server."""

    def __init__(self, connection: Connection, management: Management) -> None:
        """`connection` leads to the management API, whose read-only rule holds here too."""
        self._connection = connection
        self._management = management

    async def all(self) -> tuple[Workflow, ...]:
        """Every registered workflow, in the server's order."""
        token, found = "0", dict[str, Workflow]()
        for _ in range(MOST_PAGES):
            query: Parameters = {"limit": PAGE_LIMIT, "next_page_token": token}
            answer = await self._get(WORKFLOWS, query)
            entries = answer.get("workflows") if isinstance(answer, dict) else None
            page = _workflows(entries)
            found.update({each.name: each for each in page})
            if not page or answer.get("nextPageToken") is None:
                break
            token = str(answer["nextPageToken"])
        return tuple(found.values())

    async def describe(self, name: str) -> Workflow:
        """What a workflow is made of.

        Raises:
            NotFound: no workflow has this name.
        """
        found = _workflows(await self._get(workflow_path(name)))
        if not found:
            raise NotFound(404, "WorkflowNotFoundException", f"Workflow not found: {name}")
        return found[0]

    async def register(self, url: str, name: str = "") -> str:
        """Register an archive of the workflow store or a URL; gives the server's message.

        Raises:
            NotFound: no such archive.
            Conflict: it is registered already.
            ApiError: the server cannot, or does not register workflows.
        """
        try:
            return await self._change(register_workflow(url, name))
        except ApiError as error:
            if "disabled" in error.message:
                raise ApiError(error.code, error.type, error.message, DISABLED_HINT) from None
            raise

    async def unregister(self, name: str) -> str:
        """Remove a workflow and its models; gives the server's message.

        Raises:
            NotFound: no workflow has this name.
        """
        return await self._change(unregister_workflow(name))

    async def _get(self, path: str, query: Parameters | None = None) -> Any:
        response = await self._connection.request(
            "GET", path, parameters=query, timeout_s=READ_TIMEOUT_S, key=KeyKind.MANAGEMENT
        )
        return read_json(response)

    async def _change(self, change: Change) -> str:
        self._management.refuse_when_read_only()
        response = await self._connection.request(
            change.method,
            change.path,
            parameters=change.query,
            timeout_s=CHANGE_TIMEOUT_S,
            key=KeyKind.MANAGEMENT,
        )
        return parse_status(read_json(response))


def facts_of(workflow: Workflow) -> Iterator[tuple[str, str]]:
    """What is known of a workflow, in words."""
    yield "workflow", workflow.name
    yield "archive", workflow.url
    for node, following in workflow.steps:
        yield "step", f"{node} → {following}"
    if workflow.min_workers is not None:
        workers = f"min {workflow.min_workers}, max {count(workflow.max_workers)}"
        yield "workers", f"{workers} of each model"
    if workflow.batch_size is not None:
        delay = count(workflow.max_batch_delay_ms)
        yield "batch", f"{workflow.batch_size}, delay {delay} ms"


def register_workflow(url: str, name: str = "") -> Change:
    """Registers the archive of a workflow.

    Raises:
        InvalidArgument: no archive is given, or no path can lead to the name.
    """
    if not url.strip():
        raise InvalidArgument("no archive given", "enter a .war file in the workflow store")
    reject_slash(name)
    return Change("POST", WORKFLOWS, {"url": url} | ({"workflow_name": name} if name else {}))


def unregister_workflow(name: str) -> Change:
    """Removes a workflow and its models."""
    return Change("DELETE", workflow_path(name))


def workflow_path(name: str) -> str:
    """The path of a workflow in the management API."""
    return f"{WORKFLOWS}/{_named(name)}"


def workflow_predictions(name: str) -> str:
    """The path of a workflow's predictions."""
    return f"/wfpredict/{_named(name)}"


def _named(name: str) -> str:
    if not name:
        raise InvalidArgument("no workflow name given", "`tsmon workflow list` lists them")
    reject_slash(name)
    return segment(name)


def _workflows(entries: object) -> list[Workflow]:
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise NotTorchServe("the answer is not the list of workflows that TorchServe gives")
    return [_workflow(each) for each in entries if isinstance(each.get("workflowName"), str)]


def _workflow(entry: Json) -> Workflow:
    def number(name: str) -> int | None:
        value = entry.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        return value if 0 <= value <= JAVA_INT else None

    steps = _STEP.findall(str(entry.get("workflowDag", "")))
    return Workflow(
        entry["workflowName"],
        str(entry.get("workflowUrl", "")),
        number("minWorkers"),
        number("maxWorkers"),
        number("batchSize"),
        number("maxBatchDelay"),
        tuple((node, each.strip()) for node, after in steps for each in after.split(",") if each),
        entry,
    )
