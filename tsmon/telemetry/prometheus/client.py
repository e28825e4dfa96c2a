"""A Prometheus server's HTTP API (`/api/v1`): instant queries, range queries, targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import httpx
from msgspec import MsgspecError, Struct, field
from msgspec.json import decode

from tsmon.telemetry.prometheus.errors import NotPrometheus, QueryFailed
from tsmon.torchserve.errors import InvalidArgument, TimedOut, TooLarge, Unreachable
from tsmon.torchserve.route import Route, certificates
from tsmon.torchserve.unreachable import REFUSED, why
from tsmon.torchserve.waiting import under_way
from tsmon.units import period
from tsmon.untrusted.http import CLOSE_GRACE_S, AnswerTooLarge, BoundedClient, Bounds, Closing, Way
from tsmon.untrusted.json import BadJson, parse_json

CONNECT_TIMEOUT_S = 2.0
QUERY_TIMEOUT_S = 10.0
BOUNDS = Bounds(QUERY_TIMEOUT_S, most_bytes=64 * 2**20)
"""A sample takes 30 bytes: two million, as 15 minutes of 10,000 series scraped each 5 s have."""

LATEST = 2.0**36
"""Unix time; the year 4147, which `datetime` still knows."""

LabelSet = Mapping[str, str]


class PromSample(Struct, frozen=True):
    """One value of a series."""

    at: float
    """Unix time on Prometheus' clock, to the millisecond."""
    value: float


class Series(Struct, frozen=True):
    """Samples of one set of labels, oldest first; an instant query gives one."""

    labels: LabelSet
    samples: tuple[PromSample, ...]


class Vector(Struct, frozen=True):
    """One number for each of many series, at one moment."""

    at: float
    """The moment on Prometheus' clock, Unix time; 0 where there are no numbers."""
    values: tuple[tuple[LabelSet, float], ...]


class _VectorEntry(Struct, frozen=True):
    metric: dict[str, str]
    value: tuple[float, str]


class _VectorData(Struct, frozen=True):
    type: Literal["vector"] = field(name="resultType")
    result: list[_VectorEntry]


class _VectorAnswer(Struct, frozen=True):
    status: Literal["success"]
    data: _VectorData


class ScrapeTarget(Struct, frozen=True):
    """Something that Prometheus scrapes."""

    labels: LabelSet
    last_error: str
    """Why the last scrape failed; empty when it did not."""


class Prometheus(Closing):
    """Queries to one Prometheus server.

    A request once sent is never cancelled: a caller that goes away leaves it to end by its own
    time-out, because httpx leaks the pool slot of a cancelled request (encode/httpcore#1093).
    """

    def __init__(
        self,
        url: str,
        *,
        route: Route = Route(),  # noqa: B008 (frozen)
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`url` is what `--web.external-url` is: a path and `user:password@` may be in it.

        Raises:
            InvalidArgument: it is no address, or the certificates cannot be read.
        """
        base = _base_url(url)
        self.label = base.netloc.decode() + base.path.rstrip("/")
        """Host, port and path, without the password."""
        self._url = f"{base.scheme}://{self.label}"
        self._route = route
        self._client = BoundedClient(
            base_url=base,
            way=Way(route.proxy),
            headers=dict(route.headers),
            verify=route.tls if base.scheme == "https" else certificates(False),
            transport=transport,
            timeout=httpx.Timeout(QUERY_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=10),
        )

    async def query(self, expression: str, at: float | None = None) -> list[Series]:
        """Evaluate an expression once, by default now; a range selector gives raw samples."""
        moment = {} if at is None else {"time": f"{at:.3f}"}
        return _series(await self._get("query", {"query": expression, **moment}))

    async def vector(self, expression: str) -> Vector:
        """Evaluate an expression of numbers, for answers with thousands of them."""
        response = await self._ask("query", {"query": expression})
        try:
            # A tenth of the time of what reads answers that may be anything.
            entries = decode(response.content, type=_VectorAnswer).data.result
            values = [(each.metric, float(each.value[1])) for each in entries]
            return Vector(max((each.value[0] for each in entries), default=0.0), tuple(values))
        except (MsgspecError, ValueError):
            found = _series(self._data(response))
            at = max((each.samples[0].at for each in found), default=0.0)
            return Vector(at, tuple([(each.labels, each.samples[0].value) for each in found]))

    async def targets(self) -> list[ScrapeTarget]:
        """What is scraped; what only stores samples, such as Thanos or Mimir, cannot say."""
        data = await self._get("targets", {"state": "active"})
        targets = data.get("activeTargets") if isinstance(data, dict) else None
        if not isinstance(targets, list):
            raise NotPrometheus("the target list is not in Prometheus's format")
        return [found for each in targets if (found := _target(each)) is not None]

    async def close(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """Give the requests under way `grace_s` seconds to end, then close the connections."""
        await self._client.close(grace_s)

    async def _get(self, path: str, parameters: Mapping[str, str]) -> Any:
        return self._data(await self._ask(path, parameters))

    async def _ask(self, path: str, parameters: Mapping[str, str]) -> httpx.Response:
        request = self._client.build_request(
            "GET",
            f"api/v1/{path}",
            params=dict(parameters),
            # Labels repeat themselves: packed, an answer has a tenth of the bytes.
            headers={"Accept-Encoding": "gzip", **self._route.authorization()},
        )
        return await self._send(request)

    def _data(self, response: httpx.Response) -> Any:
        try:
            answer = parse_json(response.content)
        except BadJson:
            answer = None
        if isinstance(answer, dict) and answer.get("status") == "success" and "data" in answer:
            return answer["data"]
        raise self._error(response, answer)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            with under_way(f"GET {request.url.path}", self.label):
                return await self._client.send(request, BOUNDS)
        except AnswerTooLarge as error:
            hint = "watch fewer models, or a shorter time"
            raise TooLarge(f"Prometheus at {self.label}: {error}", hint) from None
        except httpx.ConnectTimeout:
            raise Unreachable(f"{self.label} does not accept connections") from None
        except httpx.TimeoutException:
            raise TimedOut(
                f"Prometheus at {self.label} did not finish a query within "
                f"{period(QUERY_TIMEOUT_S)}"
            ) from None
        except httpx.TransportError as error:
            reason, hint = why(self._url, str(error) or type(error).__name__)
            if reason == REFUSED or not hint:
                hint = "pass its address with --prometheus"
            message = f"no Prometheus is answering at {self.label}: {reason}"
            raise Unreachable(message, hint) from None
        except httpx.DecodingError as error:
            raise NotPrometheus(f"{self.label} cannot be decoded: {error}") from None

    def _error(self, response: httpx.Response, answer: object) -> Exception:
        if isinstance(answer, dict) and answer.get("status") == "error":
            return QueryFailed(str(answer.get("errorType", "")), str(answer.get("error", "")))
        code = response.status_code
        if code in {401, 403}:
            hint = (
                "set headers, bearer_file, or username and password_file in [fleet] of the "
                "configuration"
            )
            return QueryFailed("", f"Prometheus at {self.label} answers {code}", hint)
        if code in {502, 503, 504}:  # 503 is also its own answer while it reads its log at start
            return QueryFailed("", f"Prometheus at {self.label} is not ready: it answers {code}")
        return NotPrometheus(
            f"{self.label} answers {code}, but is not Prometheus",
            "pass the address of its web UI with --prometheus",
        )


def _base_url(text: str) -> httpx.URL:
    stripped = text.strip()
    hint = "use host:port or http://host:port/path"
    try:
        url = httpx.URL(stripped if "://" in stripped else f"http://{stripped}")
    except httpx.InvalidURL as error:
        # The reason quotes a part of it, which may be of a password.
        reason = "" if "@" in stripped else f": {error}"
        raise InvalidArgument(f"that is no address{reason}", hint) from None
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.fragment:
        raise InvalidArgument("that is no address of a Prometheus", hint)
    return url


def _target(entry: object) -> ScrapeTarget | None:
    """One target; None for what is not valid, which costs no other."""
    labels = entry.get("labels") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(labels, dict):
        return None
    return ScrapeTarget(_texts(labels), str(entry.get("lastError", "")))


def _series(data: object) -> list[Series]:
    """Read `data` of a query: a vector or a matrix; an invalid series costs no other.

    Raises:
        NotPrometheus: it is neither, or nothing in it can be read.
    """
    entries = data.get("result") if isinstance(data, dict) else None
    known = isinstance(data, dict) and data.get("resultType") in {"vector", "matrix"}
    if not known or not isinstance(entries, list):
        raise NotPrometheus("the answer is not a Prometheus query result")
    found = [series for each in entries if (series := _one_series(each)) is not None]
    if entries and not found:
        raise NotPrometheus("the series in the answer are not in Prometheus's format")
    return found


def _one_series(entry: object) -> Series | None:
    labels = entry.get("metric") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(labels, dict):
        return None
    pairs = entry.get("values", [entry.get("value")])
    if not isinstance(pairs, list):
        return None
    samples = [sample for pair in pairs if (sample := _sample(pair)) is not None]
    return Series(_texts(labels), tuple(samples)) if samples else None


def _texts(labels: Mapping[object, object]) -> LabelSet:
    return {str(name): value for name, value in labels.items() if isinstance(value, str)}


def _sample(pair: object) -> PromSample | None:
    if not isinstance(pair, list) or len(pair) != 2:
        return None
    try:
        sample = PromSample(float(pair[0]), float(pair[1]))
    except (TypeError, ValueError, OverflowError):
        return None
    return sample if 0 <= sample.at < LATEST else None
