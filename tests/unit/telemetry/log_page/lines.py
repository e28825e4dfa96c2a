"""Lines as TorchServe 0.12 writes them, for one worker."""

from __future__ import annotations

from datetime import datetime, timedelta

WORKER = "W-9000-mnist_1.0"
OTHER = "W-9001-cifar_2.0"


def stamp(second: float) -> str:
    """A stamp so many seconds after noon."""
    time = datetime(2026, 11, 22, 12) + timedelta(milliseconds=round(second * 1000))
    return time.isoformat(timespec="milliseconds").replace(".", ",")


def served(second: float, text: str, *, thread: str = WORKER, level: str = "INFO") -> bytes:
    """A line of the server's own, which reaches ts_log twice."""
    return (
        f"{stamp(second)} [{level:5}] {thread} org.pytorch.serve.wlm.WorkerThread - {text}".encode()
    )


def printed(second: float, text: str, *, thread: str = WORKER, channel: str = "stdout") -> bytes:
    """A line that a worker printed."""
    return f"{stamp(second)} [INFO ] {thread}-{channel} MODEL_LOG - {text}".encode()


def access(
    second: float, status: int = 200, total_ms: int = 12, *, thread: str = WORKER, what: str = ""
) -> bytes:
    """An access line of ts_log."""
    target = what or "POST /predictions/mnist"
    return (
        f"{stamp(second)} [INFO ] {thread} ACCESS_LOG - "
        f'/127.0.0.1:50048 "{target} HTTP/1.1" {status} {total_ms}'
    ).encode()


def waited(second: float, queue_ms: float, backend_ms: float, *, thread: str = WORKER) -> bytes:
    """The times of a request that was answered."""
    queue, backend = round(queue_ms * 1e6), round(backend_ms * 1e6)
    return (
        f"{stamp(second)} [DEBUG] {thread} org.pytorch.serve.job.RestJob - "
        f"Waiting time ns: {queue}, Backend time ns: {backend}"
    ).encode()


def handled(second: float, milliseconds: float, ids: str = "a", *, thread: str = WORKER) -> bytes:
    """A handler's own time."""
    return (
        f"{stamp(second)} [INFO ] {thread}-stdout org.pytorch.serve.wlm.WorkerLifeCycle - "
        f"result=[METRICS]HandlerTime.Milliseconds:{milliseconds}|#ModelName:mnist,Level:Model|"
        f"#type:GAUGE|#hostname:vm,1795348659,{ids}, pattern=[METRICS]"
    ).encode()


def traceback(second: float, raised: str = "KeyError: 'body'", thread: str = WORKER) -> list[bytes]:
    """A handler's exception, as its worker prints it."""
    return [
        printed(second, text, thread=thread)
        for text in (
            "Invoking custom service failed.",
            "Traceback (most recent call last):",
            '  File "handler.py", line 13, in handle',
            "    wish = row['body']",
            raised,
        )
    ]


JAVA = (
    b"java.lang.InterruptedException: null",
    b"\tat java.lang.Thread.run(Unknown Source) [?:?]",
    b"\t... 3 more",
)
