"""A change reads as it is sent."""

from __future__ import annotations

import pytest

from tests.fake import FakeTorchServe
from tsmon.torchserve.changes import (
    Change,
    default_change,
    register_change,
    scale_change,
    unregister_change,
)
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.management import Registration
from tsmon.torchserve.records import ModelVersion
from tsmon.torchserve.registration_of import registration_like


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            register_change({"url": "a b.mar", "initial_workers": 2}),
            "POST /models?url=a+b.mar&initial_workers=2&synchronous=false",
        ),
        (
            scale_change("mnist", 2, version="1.0", max_workers=4),
            "PUT /models/mnist/1.0?min_worker=2&max_worker=4&synchronous=false",
        ),
        (default_change("my model", "1.0"), "PUT /models/my%20model/1.0/set-default"),
        (unregister_change("mnist"), "DELETE /models/mnist"),
    ],
)
def test_a_change_is_a_method_a_quoted_path_and_a_query(change: Change, words: str) -> None:
    assert str(change) == words


@pytest.mark.parametrize("workers", [-1, 1001, 10**9, 10**400])
def test_a_number_of_workers_that_is_a_slip_of_the_finger_is_refused(workers: int) -> None:
    with pytest.raises(InvalidArgument):
        scale_change("mnist", workers)
    with pytest.raises(InvalidArgument):
        scale_change("mnist", 1, max_workers=workers)
    with pytest.raises(InvalidArgument):
        Registration(url="mnist.mar", initial_workers=workers).parameters()


async def test_what_is_shown_is_what_goes_over_the_wire() -> None:
    server = FakeTorchServe()
    url = server.archive("mnist", url="a b&c.mar")
    wanted = Registration(url, initial_workers=1, batch_size=4)

    async with server.client() as client:
        await client.management.register(wanted)

    (request,) = server.requests
    shown = register_change(wanted.parameters())
    assert f"{request.method} {request.url.raw_path.decode()}" == str(shown)


def test_a_version_is_registered_again_with_the_settings_that_describe_tells() -> None:
    found = ModelVersion(
        *("mnist", "1.0", "mnist.mar"),
        min_workers=3,
        batch_size=8,
        max_batch_delay_ms=50,
        response_timeout_s=9,
    )

    assert registration_like(found).parameters() == {
        "url": "mnist.mar",
        "model_name": "mnist",
        "initial_workers": 3,
        "batch_size": 8,
        "max_batch_delay": 50,
        "response_timeout": 9,
    }
    assert registration_like(found, "mnist-2.mar").url == "mnist-2.mar"
