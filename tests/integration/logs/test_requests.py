"""Requests to a real server of any version, as its logs show them."""

from __future__ import annotations

import pytest

from tests.integration.logs.archives import write_archive
from tests.integration.logs.conftest import Server, until_model
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.snapshot import ModelKey

pytestmark = pytest.mark.integration

KEY = ModelKey("timed", "1.0")
ANSWERED, FAILED = 5, 1


async def test_requests_are_counted_and_their_queue_and_backend_times_read(
    server: Server, monitor: Monitor
) -> None:
    server.register(write_archive(server.folder, KEY.name, KEY.version))
    await until_model(monitor, KEY, lambda model: model.ready == 1)
    for wish in [b"12"] * ANSWERED + [b"raise"] * FAILED:
        server.predict(KEY.name, wish)
    model = await until_model(
        monitor,
        KEY,
        lambda model: (
            model.requests is not None
            and sum(model.requests.minute_statuses.values()) == ANSWERED + FAILED
        ),
    )
    assert model.requests is not None
    assert dict(model.requests.minute_statuses) == {200: ANSWERED, 503: FAILED}
    for phase in (RequestPhase.TOTAL, RequestPhase.QUEUE, RequestPhase.BACKEND):
        assert model.requests.minute[phase].count >= ANSWERED
