"""Events to a URL: tried again where that helps, sent nowhere else, and no secret in any of it."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.faults.certificates import make_certificates
from tests.hook import hooked
from tests.unit.notify.records import record
from tsmon.conditions import BadCondition
from tsmon.config.schema import check_webhook
from tsmon.notify.webhook import WebhookOutlet

URL = "https://hooks.example.com/services/T0/secret-path?token=geheim99"


class Hook:
    """Answers each request with the next status; an error is raised."""

    def __init__(self, *answers: int | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.said: list[str] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if self._answers else 200
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, headers={"Location": "http://127.0.0.1:9/"})

    async def deliver(self, *names: str) -> None:
        transport = httpx.MockTransport(self)
        outlet = WebhookOutlet(URL, self.said.append, transport=transport, pauses_s=(0.0, 0.0, 0.0))
        outlet.start()
        for name in names:
            outlet.put(record(name=name))
        await outlet.close(5.0)


async def test_an_event_is_posted_as_json() -> None:
    hook = Hook()
    await hook.deliver("mnist\x1b]0;x\a")

    assert [request.method for request in hook.requests] == ["POST"]
    assert str(hook.requests[0].url) == URL
    assert json.loads(hook.requests[0].content) == record(name="mnist\x1b]0;x\a")
    assert "authorization" not in hook.requests[0].headers
    assert hook.said == []


async def test_what_fails_twice_arrives_the_third_time() -> None:
    hook = Hook(503, httpx.ConnectError("no"))
    await hook.deliver("mnist")

    assert len(hook.requests) == 3
    assert hook.said == []


@pytest.mark.parametrize(
    ("answers", "tries", "said"),
    [
        ([500] * 4, 4, "answered 500, tried 4 times"),
        ([httpx.ReadTimeout("no")] * 4, 4, "did not answer in time, tried 4 times"),
        ([httpx.ConnectError("no")] * 4, 4, "cannot be reached, tried 4 times"),
        ([404], 1, "answered 404"),
        ([302], 1, "answered 302; redirects are not followed"),
        ([429, 404], 2, "answered 404, tried 2 times"),
    ],
)
async def test_what_does_not_arrive_is_said_without_the_secret_of_its_url(
    answers: list[int | Exception], tries: int, said: str
) -> None:
    hook = Hook(*answers)
    await hook.deliver("mnist")

    assert len(hook.requests) == tries
    assert hook.said == [f"https://hooks.example.com/***: {said}"]


@pytest.mark.parametrize("kind", ["self-signed", "expired", "other host"])
async def test_a_certificate_that_is_not_trusted_gets_nothing(kind: str, tmp_path: Path) -> None:
    contexts, _ = make_certificates(tmp_path)
    said: list[str] = []
    with hooked(failures=0, tls=contexts[kind]) as hook:
        outlet = WebhookOutlet(hook.url, said.append, pauses_s=())
        outlet.start()
        outlet.put(record())
        await outlet.close(10.0)

    assert said == [f"{hook.url.removesuffix('secret-path')}***: its certificate is not trusted"]
    assert hook.received == []


async def test_a_real_server_gets_it_over_a_connection_of_its_own() -> None:
    said: list[str] = []
    with hooked(failures=1) as hook:
        outlet = WebhookOutlet(hook.url, said.append, pauses_s=(0.0,))
        outlet.start()
        outlet.put(record())
        await outlet.close(10.0)

    assert (said, hook.received) == ([], [record()] * 2)


async def test_events_keep_their_order() -> None:
    hook = Hook(500)
    await hook.deliver("a", "b", "c")

    names = [json.loads(request.content)["model"] for request in hook.requests]
    assert names == ["a", "a", "b", "c"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks",
        "ftp://h/x",
        "https://",
        "https://me:pw@h/",
        "http://[::1",
        "https://h:x/",
        "http://h\n",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(BadCondition) as raised:
        check_webhook(url)
    assert "pw" not in str(raised.value)


def test_a_url_will_do() -> None:
    check_webhook(URL)
    check_webhook("http://127.0.0.1:8000")
