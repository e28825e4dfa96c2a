"""Checks of what the server itself answers."""

from __future__ import annotations

from collections.abc import Iterator

from tsmon.doctor.checks.evidence import process_of, server_of, server_scrape
from tsmon.doctor.facts import Api, ExaminedServer, Facts, OtherServer
from tsmon.doctor.findings import Finding, NotChecked, error, note, ok, warning
from tsmon.telemetry.health.server_signs import READY_IS_EARLY, ServerSigns
from tsmon.telemetry.no_counters import why_empty
from tsmon.telemetry.scrape import MetricsMode
from tsmon.torchserve.addresses import Base, without_scheme
from tsmon.torchserve.errors import MODEL_API_HINT, TimedOut, TorchServeError, Unreachable
from tsmon.torchserve.records import ApiDescription
from tsmon.torchserve.unreachable import REFUSED

TESTED = "0.12"
SHOWN_SERVERS = 3
_PATHS = {
    Api.INFERENCE: "/predictions/{model_name}",
    Api.MANAGEMENT: "/models",
    Api.METRICS: "/metrics",
}
_STUCK = (
    "it accepts connections, so it is busy, stuck or suspended: check its ts_log.log, or restart it"
)


def ports(facts: Facts) -> Iterator[Finding]:
    """Whether each of the three addresses answers, and as the API it should be."""
    if facts.server is None:
        raise NotChecked("the server was not queried")
    if not facts.server.reachable:
        yield _silent(facts, facts.server)
        return
    found = [_port(facts.server, api) for api in Api]
    wrong = [finding for finding in found if finding is not None]
    yield from wrong
    if not wrong:
        where = ", ".join(without_scheme(facts.server.url(api)) for api in Api)
        yield ok("inference, management and metrics answer", where)


def version(facts: Facts) -> Iterator[Finding]:
    """Which TorchServe it is."""
    versions = {answer.version for answer in _described(server_of(facts)).values()}
    if not versions:
        raise NotChecked("no address answers like TorchServe")
    if len(versions) > 1:
        yield warning(
            f"the addresses belong to different servers: TorchServe {' and '.join(versions)}",
            remedy="pass all three addresses: --management-url, --inference-url, --metrics-url",
        )
        return
    (number,) = versions
    if number.startswith(f"{TESTED}."):
        yield ok(f"TorchServe {number}")
    else:
        early = f"; {READY_IS_EARLY}" if ServerSigns(number).ready_means_running else ""
        yield note(
            f"TorchServe {number}",
            f"tsmon is tested with {TESTED}; most of it works with other versions{early}",
        )


def shared_port(facts: Facts) -> Iterator[Finding]:
    """Whether inference and management share a port, which hides model versions."""
    server = server_of(facts)
    described = _described(server).get(Api.MANAGEMENT)
    if described is None:
        raise NotChecked("the management address does not answer")
    management = server.addresses.management
    shares = server.addresses.inference == management and not _behind_proxy(management)
    if not shares and "/ping" not in described.paths:
        yield ok("inference and management have their own ports")
        return
    remedy = "give inference_address and management_address different ports, and restart"
    evidence = f"{server.url(Api.MANAGEMENT)} serves both"
    if server.wants_token:
        yield error(
            "on a shared port no management request can carry both tokens", evidence, remedy
        )
    else:
        yield warning("only default versions can be described on a shared port", evidence, remedy)


def ping(facts: Facts) -> Iterator[Finding]:
    """What the server says of its own health, which is less than it seems."""
    word = server_of(facts).ping
    if isinstance(word, TimedOut):
        yield warning(
            "the server accepts requests but does not answer a ping",
            str(word),
            "its threads may all be waiting for slow requests: check `tsmon models` and the access "
            "log",
        )
    elif isinstance(word, TorchServeError):
        raise NotChecked(f"no answer to a ping: {word}")
    elif word == "Healthy":
        yield ok("the server reports Healthy", "it does so even while models load or crash-loop")
    else:
        yield error(
            f"the server reports {word or 'nothing'}",
            "a model has had fewer workers than its minimum for minutes",
            "see `tsmon models` for which, and `tsmon serve logs model` for why",
        )


def metrics_mode(facts: Facts) -> Iterator[Finding]:
    """Whether /metrics has anything to read."""
    mode = server_scrape(facts).mode
    observed = server_of(facts).observation.facts
    empty = why_empty(observed.version if observed else "")
    line = "set metrics_mode=prometheus in config.properties and restart the server"
    if mode is MetricsMode.LOG:
        yield warning(empty.problem, "so no rates or latencies are available", empty.hint)
    elif mode is MetricsMode.LEGACY:
        yield note(
            "metrics_mode is legacy: no host gauges", "the request counters are available", line
        )
    else:
        yield ok("metrics_mode is prometheus")


def model_api(facts: Facts) -> Iterator[Finding]:
    """Whether models can be registered and unregistered."""
    observed = server_of(facts).observation.facts
    enabled = observed.model_api if observed else None
    if enabled is None:
        enabled = _started_with_model_api(facts)
    if enabled:
        yield ok("models can be registered and unregistered")
    else:
        yield note(
            "models cannot be registered or unregistered",
            "enable_model_api is false, TorchServe's default; scaling still works",
            MODEL_API_HINT,
        )


def _started_with_model_api(facts: Facts) -> bool:
    """What its command line and settings say, where the server itself cannot be asked."""
    observation = server_of(facts).observation
    if facts.machine.server is None:
        if isinstance(observation.models, TorchServeError):
            raise NotChecked(f"the server cannot be queried: {observation.models}")
        raise NotChecked("checking it takes a request that --read-only refuses to send")
    if "--enable-model-api" in process_of(facts).command:
        return True
    settings = facts.config.settings or {}
    return settings.get("enable_model_api", "").lower() == "true"


def _described(server: ExaminedServer) -> dict[Api, ApiDescription]:
    return {
        api: answer
        for api, answer in server.descriptions.items()
        if isinstance(answer, ApiDescription)
    }


def _behind_proxy(url: str) -> bool:
    return Base.parse(url).is_behind_proxy


def _silent(facts: Facts, server: ExaminedServer) -> Finding:
    others = [_whereabouts(other) for other in facts.machine.others]
    if len(others) > SHOWN_SERVERS:
        others[SHOWN_SERVERS:] = [f"and {len(others) - SHOWN_SERVERS} more"]
    silent = server.descriptions[Api.MANAGEMENT]
    stuck = any(isinstance(answer, TimedOut) for answer in server.descriptions.values())
    remedy = _STUCK if stuck else getattr(silent, "hint", "")
    return error("the server does not answer", "; ".join([str(silent), *others]), remedy)


def _whereabouts(other: OtherServer) -> str:
    ports = ", ".join(map(str, other.ports))
    where = f"listens on {ports}" if ports else "is not listening yet: it is starting"
    return f"the TorchServe of pid {other.pid} {where}"


def _port(server: ExaminedServer, api: Api) -> Finding | None:
    """What is wrong with one address, if something is."""
    answer, url = server.descriptions[api], server.url(api)
    if isinstance(answer, ApiDescription):
        # A proxy sends each path to the API it belongs to, and this one to any of them.
        several = server.addresses.all.count(url) > 1 and _behind_proxy(url)
        if several or _PATHS[api] in answer.paths:
            return None
        others = [other.value for other in Api if _PATHS[other] in answer.paths]
        return error(
            f"{url} is not the {api} address",
            f"it serves {' and '.join(others) or 'none of the three APIs'}",
            f"pass the right one with --{api}-url",
        )
    title = f"the {api} address does not answer"
    if not isinstance(answer, Unreachable | TimedOut):
        title = f"something other than TorchServe answers at the {api} address"
    remedy = f"if it is elsewhere, pass it with --{api}-url"
    if answer.hint and REFUSED not in answer.message:
        remedy = answer.hint
    return error(title, f"{url}: {answer.message}", remedy)
