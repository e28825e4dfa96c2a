"""The fake's workflows: models of its registry, joined in a line."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from tests.fake import answers
from tests.fake.models import Version

if TYPE_CHECKING:
    from tests.fake.server import FakeTorchServe


@dataclass(slots=True)
class WorkflowArchive:
    """One .war file."""

    workflow: str
    models: tuple[str, ...]
    """Archives of the model store; the first gets what is sent."""


@dataclass(slots=True)
class Workflow:
    """One that is registered."""

    archive: WorkflowArchive
    url: str
    models: list[Version] = field(default_factory=list)


async def respond(server: FakeTorchServe, request: httpx.Request, name: str) -> httpx.Response:
    """What the management API answers below `/workflows`; `name` is empty for all of them."""
    match request.method:
        case "GET" if not name:
            found = server.workflows.items()
            listed = [{"workflowName": key, "workflowUrl": each.url} for key, each in found]
            return answers.answer({"workflows": listed})
        case "GET":
            return answers.answer([_described(name, _named(server, name))])
        case "POST" if not name:
            return await _register(server, request)
        case "DELETE" if name:
            for model in _named(server, name).models:
                server.registry.remove(model)
            del server.workflows[name]
            return answers.status(f'Workflow "{name}" unregistered')
    raise answers.wrong_method()


async def predict(server: FakeTorchServe, request: httpx.Request, name: str) -> httpx.Response:
    """What `/wfpredict` answers: the digit of its last model as plain text."""
    digit = _named(server, name).models[-1].archive.digit(request.content)
    return httpx.Response(200, text=str(digit))


async def _register(server: FakeTorchServe, request: httpx.Request) -> httpx.Response:
    url = request.url.params.get("url")
    if not url:
        raise answers.bad_request("Parameter url is required.")
    archive = server.workflow_store.get(url)
    if archive is None:
        message = f"Workflow not found in workflow store: {url}"
        raise answers.Refusal(404, "WorkflowNotFoundException", message)
    name = request.url.params.get("workflow_name", archive.workflow)
    if name in server.workflows:
        message = f"Workflow {name} is already registered."
        raise answers.Refusal(409, "ConflictStatusException", message)
    workflow = server.workflows[name] = Workflow(archive, url)
    for model in archive.models:
        stored = server.store[model]
        version = server.registry.add(f"{name}__{stored.model}", model, stored, {})
        workflow.models.append(version)
        server.registry.scale(version, 1, 1)
        await server.registry.until_ready(version)
    return answers.status(f"Workflow {name} has been registered and scaled successfully.")


def _named(server: FakeTorchServe, name: str) -> Workflow:
    if name not in server.workflows:
        raise answers.Refusal(404, "WorkflowNotFoundException", f"Workflow not found: {name}")
    return server.workflows[name]


def _described(name: str, workflow: Workflow) -> dict[str, object]:
    nodes = [model.archive.model for model in workflow.models]
    steps = ", ".join(f"{one}=[{other}]" for one, other in itertools.pairwise(nodes))
    return {
        "workflowName": name,
        "workflowUrl": workflow.url,
        "minWorkers": 1,
        "maxWorkers": 1,
        "batchSize": 1,
        "maxBatchDelay": 10,
        "workflowDag": f"{{{steps}}}",
    }
