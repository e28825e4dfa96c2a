"""What describe may say of one model that is of no use, by a name for the test."""

from __future__ import annotations

import httpx

from tests.fake import bad_answers
from tests.fake.bad_answers import HUGE, described
from tests.fake.faults import Reply

UNREADABLE: dict[str, Reply] = {
    "fails": httpx.Response(500, json={"code": 500, "type": "X", "message": "boom"}),
    "is not found": httpx.Response(
        404, json={"code": 404, "type": "ModelNotFoundException", "message": "gone"}
    ),
    "refused": httpx.Response(403, text="no"),
    "times out": httpx.ReadTimeout,
    "is deep": bad_answers.deep(),
    "is a word": httpx.Response(200, json="model"),
    "is empty": httpx.Response(200, json=[]),
    "has no objects": httpx.Response(200, json=[1, "two", None]),
    "is half": httpx.Response(200, content=b'[{"modelName": "bad"'),
    "has workers of another type": described(modelName="bad", workers="many"),
    "has huge minWorkers": described(modelName="bad", minWorkers=HUGE),
    "has fractional minWorkers": described(modelName="bad", minWorkers=0.5),
    "has null minWorkers": described(modelName="bad", minWorkers=None),
}
"""Nothing can be said of its workers."""
ODD: dict[str, Reply] = {
    "huge memory": described(modelName="bad", workers=[_worker := {"id": "1", "status": "READY"}
                             | {"pid": 7, "memoryUsage": HUGE}]),
    "negative memory": described(modelName="bad", workers=[_worker | {"memoryUsage": -5}]),
    "huge pid": described(modelName="bad", workers=[_worker | {"pid": HUGE}]),
    "worker of another type": described(modelName="bad", workers=["one"]),
    "huge batch": described(modelName="bad", batchSize=HUGE),
    "queue of another type": described(modelName="bad", jobQueueStatus=[1]),
    "huge queue": described(modelName="bad", jobQueueStatus={"pendingRequests": HUGE}),
    "numbers for texts": described(modelName="bad", modelUrl=5, runtime=[], modelVersion=1.0),
    "another name": described(modelName={"a": 1}),
    "huge time-outs": described(modelName="bad", responseTimeout=HUGE, startupTimeout=-HUGE),
}  # fmt: skip
"""One field makes no sense, and the others do."""
