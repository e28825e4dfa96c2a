"""Faults of what a server says in well-formed HTTP."""

from __future__ import annotations

from tests.faults.connection_rows import FAILING, STRANGE
from tests.faults.rows import SERVES, Group, Row
from tests.faults.scene import content

UNREAD = ("● up", "unread")
WELL = ("cifar", "ready")


def _row(
    name: str,
    fault: str,
    shows: tuple[str, ...],
    says: tuple[str, ...],
    code: int,
    *,
    is_harmless: bool = False,
) -> Row:
    metrics = name.startswith("metrics")
    return Row(
        id=name.replace(": ", "-").replace(" ", "-").replace(",", ""),
        group=Group.METRICS if metrics else Group.CONTENT,
        fault=fault,
        begin=content(name),
        shows=shows,
        command=("metrics",) if metrics else ("models",),
        says=says,
        code=code,
        is_harmless=is_harmless,
    )


CONTENT_ROWS = (
    _row("no JSON", "the list is HTML", (STRANGE, "not with JSON"), ("not with JSON",), 1),
    _row("truncated JSON", "the list ends half-way", (STRANGE,), ("not with JSON",), 1),
    _row(
        "list of another type", "the list is another JSON", (STRANGE,), ("not the JSON object",), 1
    ),
    _row(
        "models that are no list",
        "`models` is an object",
        (STRANGE,),
        ("is not a TorchServe model list",),
        1,
    ),
    _row(
        "list entries of wrong types",
        "some entries of the list are no models",
        ("● up", "mnist"),
        ("mnist", *WELL),
        1,
        is_harmless=True,
    ),
    _row("deep nesting", "JSON nested 100,000 levels deep", (STRANGE,), ("not with JSON",), 1),
    _row("invalid UTF-8", "bytes that are no UTF-8", (STRANGE,), ("not with JSON",), 1),
    _row("duplicate models", "a model is listed three times", SERVES, WELL, 0, is_harmless=True),
    _row("looping page token", "each page leads to the first one again", (STRANGE,), ("page",), 1),
    _row("huge page token", "a page token of 400 digits", SERVES, WELL, 0, is_harmless=True),
    _row(
        "name with a slash",
        "a model is called org/llama, which TorchServe cannot address",
        ("● up", "org/llama", "unread"),
        ("org/llama", *WELL),
        1,
    ),
    _row(
        "name with control characters",
        "a model's name sets the clipboard (OSC 52)",
        ("● up", r"evil\x1b]52", "unread"),
        (r"evil\x1b]52", *WELL),
        1,
    ),
    _row(
        "name of 100 kB",
        "a model's name has 100 kB",
        ("● up", "nnnnnnnn", "unread"),
        ("nnnnnnnn", *WELL),
        1,
    ),
    _row("empty name", "a model without a name", UNREAD, WELL, 1),
    _row("describe: no JSON", "one describe is HTML", UNREAD, WELL, 1),
    _row("describe: empty list", "one describe is an empty list", UNREAD, WELL, 1),
    _row("describe: another type", "one describe is no list", UNREAD, WELL, 1),
    _row("describe: 500", "one describe answers 500", UNREAD, WELL, 1),
    _row("describe: 500 for all", "every describe answers 500", UNREAD, ("describe failed",), 1),
    _row(
        "describe: wrong types",
        "fields of one describe have other types",
        UNREAD,
        ("no usable value", *WELL),
        1,
    ),
    _row("describe: workers of another type", "`workers` is a text", UNREAD, WELL, 1),
    _row(
        "describe: huge memory",
        "a worker has 10^400 bytes",
        SERVES,
        ("workers[0].memoryUsage: describe gave no usable value", *WELL),
        1,
        is_harmless=True,
    ),
    _row(
        "describe: huge counts",
        "10^400 workers and requests in the queue",
        UNREAD,
        ("no usable value", *WELL),
        1,
    ),
    _row(
        "describe: negative",
        "negative workers, queue and batch size",
        UNREAD,
        ("no usable value", *WELL),
        1,
    ),
    _row(
        "describe: NaN",
        "NaN as a number of workers",
        UNREAD,
        ("minWorkers: describe gave no usable value", *WELL),
        1,
    ),
    _row(
        "describe: missing fields",
        "the workers and their number are missing",
        UNREAD,
        ("workers, minWorkers: describe gave no usable value", *WELL),
        1,
    ),
    _row(
        "describe: unknown fields",
        "fields of a later TorchServe",
        SERVES,
        WELL,
        0,
        is_harmless=True,
    ),
    _row(
        "describe: another model",
        "describe is of another model than was asked for",
        ("● up", "other"),
        ("cifar",),
        0,
    ),
    _row(
        "describe: another pid each time",
        "a worker has pid 1, which is someone else",
        SERVES,
        WELL,
        0,
        is_harmless=True,
    ),
    _row("error of 1 MB", "an error message of 1 MB", (FAILING, "xxxx"), ("xxxx",), 1),
)

METRICS_ROWS = (
    _row(
        "metrics: HTML",
        "HTML at /metrics",
        ("● up", "not Prometheus text"),
        ("not Prometheus text", "metrics address"),
        1,
    ),
    _row("metrics: 500", "500 at /metrics", ("● up", "500 Internal"), ("500 Internal",), 1),
    _row(
        "metrics: binary",
        "binary at /metrics",
        ("● up", "not Prometheus text"),
        ("not Prometheus text",),
        1,
    ),
    _row(
        "metrics: bad line",
        "one line is no metric",
        ("● up", "1 metric line unreadable"),
        ("mnist", "cannot be read: 1"),
        1,
    ),
    _row(
        "metrics: duplicate series",
        "a series is there twice",
        SERVES,
        ("mnist",),
        0,
        is_harmless=True,
    ),
    _row(
        "metrics: NaN",
        "a counter is NaN",
        ("● up", "1 metric line unreadable"),
        ("mnist", "cannot be read: 1"),
        1,
    ),
    _row(
        "metrics: negative",
        "a counter is negative",
        ("● up", "1 metric line unreadable"),
        ("mnist", "cannot be read: 1"),
        1,
    ),
    _row(
        "metrics: falling",
        "counters fall without a restart",
        SERVES,
        ("mnist",),
        0,
        is_harmless=True,
    ),
    _row(
        "metrics: 1e308", "counters near the largest float", SERVES, ("mnist",), 0, is_harmless=True
    ),
    _row(
        "metrics: 400 digits",
        "a counter of 400 digits",
        ("● up", "1 metric line unreadable"),
        ("mnist", "cannot be read: 1"),
        1,
    ),
    _row("metrics: 1,000 series", "1,000 series of models", SERVES, ("z999",), 0, is_harmless=True),
    _row("metrics: label of 1 MB", "a label of 1 MB", SERVES, ("mnist",), 0, is_harmless=True),
    _row(
        "metrics: empty",
        "nothing at /metrics (metrics_mode log)",
        ("● up", "metrics_mode is log"),
        ("metrics_mode",),
        1,
    ),
)
