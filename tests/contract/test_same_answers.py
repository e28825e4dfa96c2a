"""The fake's answers are the real server's, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.contract.archives import FAKE
from tests.contract.real import RealTorchServe
from tests.fake import FakeTorchServe
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.tokens import KeyKind, KeyRing

CONVERSATION = """
    inference GET /ping
    inference GET /nowhere
    inference GET /
    inference GET /predictions
    inference POST /predictions/digit
    management POST /models
    management POST /models?url=absent.mar
    management POST /models?url=../digit.mar
    management POST /models?url=digit.mar
    management POST /models?url=digit.mar
    management POST /models?url=digit-2.mar&batch_size=3&initial_workers=many
    management POST /models?url=raising.mar&model_name=a%20b%2Bc
    management DELETE /models
    management POST /models/digit
    management GET /models
    management GET /models?limit=1
    management GET /models?limit=1&next_page_token=1
    management GET /models?limit=1&next_page_token=2
    management GET /models?limit=2
    management GET /models?limit=3
    management GET /models?limit=-1
    management GET /models?limit=101
    management GET /models/digit
    management GET /models/digit/2.0
    management GET /models/digit/9.0
    management GET /models/absent
    management GET /models/absent/all
    management GET /models/a%20b%2Bc
    management GET /nowhere
    management GET /
    inference POST /predictions/digit
    inference POST /predictions/digit/2.0
    inference POST /predictions/digit/9.0
    inference POST /predictions/digit%2F9.0
    management PUT /models/digit?min_worker=2&max_worker=1
    management PUT /models/absent?min_worker=1
    management PUT /models/digit/9.0?min_worker=1
    management PUT /models/digit/1.0?min_worker=1&synchronous=true
    management GET /models/digit
    management PUT /models/digit?min_worker=0&max_worker=0&synchronous=true
    management PUT /models/digit?min_worker=0&max_worker=0
    management PUT /models/digit/9.0/set-default
    management PUT /models/absent/1.0/set-default
    management GET /models/digit/1.0/set-default
    management DELETE /models/digit/9.0
    management DELETE /models/digit/1.0
    management DELETE /models/digit
    management PUT /models/digit/2.0/set-default
    management DELETE /models/digit/1.0
    management DELETE /models/digit
    management DELETE /models/digit
    management DELETE /models/a%20b%2Bc
    management GET /models
    API GET /token
    API GET /token?type=nonsense
    API GET /token?type=inference
    management GET /token?type=inference
    metrics GET /
    metrics GET /ping
"""


@pytest.mark.since("0.12.0", "the answers of the fake")
@pytest.mark.integration
async def test_fake_answers_a_long_conversation_as_the_real_server(
    real: RealTorchServe, tmp_path: Path
) -> None:
    fake = FakeTorchServe(key_file=tmp_path / "key_file.json", job_queue_size=2)
    fake.store.update(FAKE)
    expected = await _answers(real.addresses, real.key_file, None)
    assert await _answers(fake.addresses, tmp_path / "key_file.json", fake.transport()) == expected


async def _answers(
    addresses: Addresses, key_file: Path, transport: httpx.AsyncBaseTransport | None
) -> list[tuple[str, int, str, str]]:
    bases = {
        "inference": addresses.inference,
        "management": addresses.management,
        "API": addresses.management,
        "metrics": addresses.metrics,
    }
    answers = []
    async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=30) as client:
        for line in CONVERSATION.strip().splitlines():
            key, method, path = line.split()
            ring, base = KeyRing(key_file), bases[key]
            headers = {} if key == "metrics" else ring.headers(KeyKind(key), base)
            response = await client.request(method, base + path, headers=headers)
            assert response.headers["x-request-id"]
            answers.append(
                (
                    line.strip(),
                    response.status_code,
                    response.headers.get("content-type", ""),
                    _comparable(response.text),
                )
            )
    return answers


def _comparable(text: str) -> str:
    """Without what differs from one server to the other: worker port, process id, time."""
    return re.sub(r'"(id|startTime|pid|memoryUsage)": [^,\n]+', r'"\1": …', text)
