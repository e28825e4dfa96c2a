"""metrics --watch on a Prometheus server."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from tests.unit.telemetry.prometheus.fake import FakePrometheus
from tsmon.cli.main import cli
from tsmon.cli.target import Target
from tsmon.config.files import Loaded
from tsmon.config.schema import Config, FleetSettings
from tsmon.telemetry.scrape import Counters, SeriesKey

MNIST = SeriesKey("mnist", "default")


@pytest.fixture
def prometheus() -> FakePrometheus:
    """It scraped one TorchServe twice, which answered ten requests in between."""
    fake = FakePrometheus()
    fake.scrape(0, {MNIST: Counters(100, 1e6, 1e5)})
    fake.scrape(2, {MNIST: Counters(110, 1_080_000, 103_000)})
    return fake


def watch(prometheus: FakePrometheus, *more: str) -> Result:
    args = ["metrics", "--watch", "--count", "2", "--prometheus", "http://prom:9090", *more]
    return CliRunner().invoke(cli, args, obj=Target(transport=prometheus.transport()))


def test_its_scrapes_are_metered_as_if_they_were_tsmons_own(prometheus: FakePrometheus) -> None:
    result = watch(prometheus, "--json")

    first, second = map(json.loads, result.stdout.splitlines())
    assert first["interval"] == {"missing": "first sample"}
    assert second["interval"]["requests_per_second"] == 5.0
    assert second["interval"]["inference_ms"] == 8.0


def test_workers_that_it_does_not_know_are_not_counted_as_none(prometheus: FakePrometheus) -> None:
    labels = (
        ("__name__", "WorkerLoadTime"),
        ("WorkerName", "W-9000-mnist_1.0"),
        ("instance", "gpu7:8082"),
        ("job", "torchserve"),
    )
    prometheus.scrape(4, {MNIST: Counters(120, 2e6, 2e5)}, {tuple(sorted(labels)): 4000.0})

    assert "workers not known" in watch(prometheus).stdout


def test_of_several_instances_one_must_be_named(prometheus: FakePrometheus) -> None:
    prometheus.scrape(2, {MNIST: Counters()}, instance="gpu8:8082")

    result = watch(prometheus)

    assert result.exit_code == 1
    assert "gpu7:8082, gpu8:8082" in result.stderr
    assert "--instance" in result.stderr


def test_it_is_only_for_watching() -> None:
    result = CliRunner().invoke(cli, ["metrics", "--prometheus", "http://prom:9090"])

    assert result.exit_code == 2


def test_secrets_for_one_prometheus_go_to_no_other(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("verysecret")
    config = tmp_path / "config.toml"
    config.write_text(
        f'[fleet]\nprometheus = "http://ours:9090"\nbearer_file = "{token}"\n'
        'headers = { "X-Scope-OrgID" = "team" }\n'
    )
    sent: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(401)

    for url in ("http://ours:9090", "http://other:9090"):
        args = ["--config", str(config), "fleet", "--once", "--prometheus", url]
        ended = CliRunner().invoke(cli, args, obj=Target(transport=httpx.MockTransport(handle)))
        assert "answers 401" in ended.stderr
        assert "bearer_file" in ended.stderr

    ours, other = ([each for each in sent if each.url.host == host] for host in ("ours", "other"))
    assert {each.headers["Authorization"] for each in ours} == {"Bearer verysecret"}
    assert {each.headers["X-Scope-OrgID"] for each in ours} == {"team"}
    assert other
    assert not [each for each in other if "Authorization" in each.headers]
    assert not [each for each in other if "X-Scope-OrgID" in each.headers]


@pytest.mark.parametrize("option", [("--insecure",), ("--ca-file", "ours.pem")])
def test_the_options_of_https_are_for_prometheus_too(option: tuple[str, ...]) -> None:
    target = Target(insecure="--insecure" in option, ca_file=Path(option[-1]))
    settings = target.fleet_settings("https://prom")

    assert (settings.insecure, settings.ca_file) == ("--insecure" in option, Path(option[-1]))


def test_the_configuration_says_what_prometheus_is_checked_by() -> None:
    config = Config(fleet=FleetSettings("https://prom", ca_file=Path("prom.pem")))
    target = Target(ca_file=Path("server.pem"), loaded=Loaded(config))

    assert target.fleet_settings().ca_file == Path("prom.pem")
