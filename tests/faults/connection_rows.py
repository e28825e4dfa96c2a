"""Faults of connections and of HTTP."""

from __future__ import annotations

from tests.faults.rows import SERVES, Ground, Group, Row
from tests.faults.scene import wire

AWAY = "✗ away"
WAITING = ("◐ stale", "waiting for GET /models")
STRANGE = "? no TorchServe"
FAILING = "✗ answering with errors"
REFUSED = "connection refused"
STARTS = "tsmon serve start"
LOST = "reset by peer"


def _connection(
    name: str,
    fault: str,
    shows: tuple[str, ...],
    says: tuple[str, ...],
    code: int = 3,
    *,
    ground: Ground = Ground.PLAIN,
) -> Row:
    return Row(
        id=name.replace(" ", "-"),
        group=Group.CONNECTION,
        fault=fault,
        begin=wire(name),
        shows=shows,
        says=says,
        code=code,
        ground=ground,
    )


def _answer(
    name: str,
    fault: str,
    shows: tuple[str, ...],
    says: tuple[str, ...],
    code: int,
    *,
    is_harmless: bool = False,
) -> Row:
    return Row(
        id=name.replace(" ", "-"),
        group=Group.ANSWER,
        fault=fault,
        begin=wire(name),
        shows=shows,
        says=says,
        code=code,
        is_harmless=is_harmless,
    )


CONNECTION_ROWS = (
    _connection("refused", "nothing listens at the ports", (AWAY, REFUSED), (REFUSED, STARTS)),
    _connection(
        "accept and hang",
        "connections are accepted, and nothing more",
        WAITING,
        ("got no answer within",),
    ),
    _connection(
        "never answered",
        "requests are read and never answered",
        WAITING,
        ("got no answer within",),
    ),
    _connection(
        "half-open",
        "the peer of open connections has gone without a word (no FIN, no RST)",
        WAITING,
        ("got no answer within",),
    ),
    _connection("reset at connect", "RST as soon as a connection is made", (AWAY,), (LOST,)),
    _connection("reset in head", "RST within the status line", (AWAY,), (LOST,)),
    _connection("reset in body", "RST within the body", (AWAY,), (LOST,)),
    _connection(
        "closed without an answer",
        "the connection is closed in place of an answer",
        (AWAY, "disconnected"),
        ("disconnected", "if that port is encrypted, use https://"),
    ),
    _connection(
        "closed in body",
        "the connection is closed within the body",
        (AWAY,),
        ("without sending complete",),
    ),
    _connection(
        "stuck in body",
        "the body stops half-way and the connection stays",
        WAITING,
        ("got no answer within",),
    ),
    _connection(
        "slow head",
        "the head comes a byte each 0.3 s",
        WAITING,
        ("was still incomplete after",),
    ),
    _connection(
        "slow body",
        "the body comes a byte each 0.3 s",
        WAITING,
        ("was still incomplete after",),
    ),
    _connection(
        "backlog full",
        "the queue of connections is full: packets are dropped",
        (AWAY, "does not accept connections"),
        ("does not accept connections", "is the host up?"),
    ),
    _connection(
        "IPv6 only",
        "the server listens at ::1 and the address says 127.0.0.1",
        (AWAY, REFUSED),
        (REFUSED,),
    ),
    _connection("another protocol", "an SSH server answers there", (AWAY,), ("no HTTP answer",)),
    _connection(
        "certificate self-signed",
        "https with a certificate that no one vouches for",
        (AWAY, "certificate"),
        ("its certificate is not trusted", "--ca-file", "--insecure"),
        ground=Ground.SECURE,
    ),
    _connection(
        "certificate expired",
        "https with a certificate whose time is over",
        (AWAY, "certificate"),
        ("its certificate has expired", "--insecure"),
        ground=Ground.SECURE,
    ),
    _connection(
        "certificate of another host",
        "https with the certificate of another host",
        (AWAY, "certificate"),
        ("its certificate is for a different name", "--insecure"),
        ground=Ground.SECURE,
    ),
    _connection(
        "plain on https",
        "the address says https and the port speaks http",
        (AWAY,),
        ("does not accept connections", "does that port speak https?"),
        ground=Ground.SECURE,
    ),
    Row(
        id="https-on-plain",
        group=Group.CONNECTION,
        fault="the address says http and the port speaks https",
        begin=wire("certificate self-signed"),
        ground=Ground.EITHER,
        shows=(AWAY,),
        says=("if that port is encrypted, use https://",),
        code=3,
    ),
    Row(
        id="inference-port-refused",
        group=Group.CONNECTION,
        fault="only the inference port refuses",
        begin=wire("refused", "inference"),
        shows=SERVES,
        is_harmless=True,
        command=("ping",),
        says=(REFUSED,),
        code=3,
    ),
    Row(
        id="metrics-port-refused",
        group=Group.CONNECTION,
        fault="only the metrics port refuses",
        begin=wire("refused", "metrics"),
        shows=("● up", "no TorchServe is answering at"),
        command=("metrics",),
        says=(REFUSED,),
        code=3,
    ),
    Row(
        id="metrics-port-hangs",
        group=Group.CONNECTION,
        fault="only the metrics port hangs",
        begin=wire("never answered", "metrics"),
        shows=("GET /metrics got no answer within",),
        command=("metrics",),
        says=("GET /metrics got no answer within",),
        code=3,
    ),
)

ANSWER_ROWS = (
    _answer("500", "500 of TorchServe's own", (FAILING, "out of order"), ("out of order",), 1),
    _answer(
        "502", "502 of a proxy, in HTML", (FAILING, "502 Bad Gateway"), ("502 Bad Gateway",), 1
    ),
    _answer("503", "503 of a proxy, in HTML", (FAILING, "503 Service"), ("503 Service",), 1),
    _answer("504", "504 of a proxy, in HTML", (FAILING, "504 Gateway"), ("504 Gateway",), 1),
    _answer("401", "401 of a proxy that wants a log-in", (FAILING, "401"), ("401",), 1),
    _answer("404", "404 of a proxy for every path", (STRANGE,), ("404 Not Found",), 1),
    _answer("429", "429 of a proxy", (FAILING, "429"), ("429",), 1),
    _answer(
        "redirect",
        "a redirection to a log-in page",
        (STRANGE, "redirects to"),
        ("redirects to",),
        1,
    ),
    _answer(
        "redirect loop",
        "a redirection to the same address",
        (STRANGE, "redirects to"),
        ("redirects to",),
        1,
    ),
    _answer("204", "204 without a body", (STRANGE,), ("not the JSON object",), 1),
    _answer("206", "206 with half of the body", (STRANGE,), ("not with JSON",), 1),
    _answer(
        "wrong content type",
        "JSON that claims to be HTML",
        SERVES,
        ("mnist", "ready"),
        0,
        is_harmless=True,
    ),
    _answer("gzip", "answers are compressed", SERVES, ("mnist", "ready"), 0, is_harmless=True),
    _answer(
        "gzip bomb",
        "0.5 MB that unpack to 500 MB",
        (FAILING,),
        ("has more than",),
        1,
    ),
    _answer("damaged gzip", "compressed and damaged", (STRANGE,), ("cannot be decoded",), 1),
    _answer(
        "endless body",
        "a body without end",
        (FAILING,),
        ("has more than",),
        1,
    ),
    _answer(
        "100 MB body",
        "a body of 100 MB",
        (FAILING,),
        ("has more than",),
        1,
    ),
    _answer("chunked garbage", "chunks that are none", (AWAY,), ("chunk",), 3),
    _answer(
        "content-length too short", "content-length too short", (STRANGE,), ("not with JSON",), 1
    ),
    _answer(
        "two content-lengths", "two different content-lengths", (AWAY,), ("Content-Length",), 3
    ),
    _answer("invalid header", "a header line without a colon", (AWAY,), ("no HTTP answer",), 3),
    _answer("huge headers", "headers of 1 MB", (AWAY,), ("too long",), 3),
    _answer(
        "endless early hints",
        "103 Early Hints for ever",
        ("◐ not answering", "the answer was still incomplete after"),
        ("was still incomplete after",),
        3,
    ),
    _answer("no HTTP", "a line that is no HTTP", (AWAY,), ("no HTTP answer",), 3),
    Row(
        id="change-redirected",
        group=Group.ANSWER,
        fault="a change is answered with a redirection",
        begin=wire("redirect", "management", where=r"/models/mnist"),
        shows=SERVES,
        is_harmless=True,
        command=("scale", "mnist", "2"),
        says=("redirects to",),
        code=1,
    ),
    Row(
        id="prediction-too-large",
        group=Group.ANSWER,
        fault="a prediction is answered by a proxy's page",
        begin=wire("502", "inference", where=r"/predictions/.*"),
        shows=SERVES,
        is_harmless=True,
        command=("predict", "mnist", __file__),
        says=("502 Bad Gateway",),
        code=1,
    ),
)
