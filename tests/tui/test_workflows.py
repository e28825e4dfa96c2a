"""The page of workflows."""

from __future__ import annotations

from tests.fake import FakeTorchServe
from tests.fake.workflows import WorkflowArchive
from tests.tui.seat import watching
from tsmon.tui.app.app import MonitorOptions


def with_archives(fake: FakeTorchServe) -> None:
    fake.archive("cut")
    fake.archive("read")
    fake.workflow_store["post.war"] = WorkflowArchive("post", ("cut.mar", "read.mar"))


async def test_one_is_registered_described_and_removed_by_keys(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    with_archives(fake)
    async with watching(fake, options, size=(80, 24)) as seat:
        await seat.press("ampersand")
        await seat.sees("Workflows", "no workflow is registered", "r registers one")
        await seat.press("r")
        await seat.sees("Register a workflow")
        await seat.write("post.war")
        await seat.press("enter")
        await seat.sees("1 workflow", "post.war", "cut → read", "min 1, max 1 of each model")
        assert {"post__cut", "post__read"} <= fake.registry.models.keys()

        await seat.press("u")
        await seat.sees("Unregister the workflow post?")
        await seat.write("post")
        await seat.press("enter")
        await seat.sees("no workflow is registered")
        assert not fake.registry.models


async def test_what_the_server_refuses_is_said_in_the_dialog(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options, size=(80, 24)) as seat:
        await seat.press("ampersand")
        await seat.sees("no workflow is registered")
        await seat.press("r")
        await seat.sees("Register a workflow")
        await seat.write("absent.war")
        await seat.press("enter")
        await seat.sees("Workflow not found in workflow store:", "absent.war")


async def test_a_read_only_session_changes_nothing(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    with_archives(fake)
    async with watching(fake, options, size=(80, 24), read_only=True) as seat:
        await seat.press("ampersand")
        await seat.sees("no workflow is registered")
        await seat.press("r")
        await seat.sees("read-only")
    assert not fake.sent("POST", "/workflows")
