from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.serving import properties
from tsmon.serving.configuration import extra_settings, render
from tsmon.serving.errors import BadConfiguration
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports


def test_every_default_is_safe_and_useful(tmp_path: Path) -> None:
    settings = properties.parse(render(ServerPlan(model_store=tmp_path)))

    assert settings == {
        "inference_address": "http://127.0.0.1:8080",
        "management_address": "http://127.0.0.1:8081",
        "metrics_address": "http://127.0.0.1:8082",
        "grpc_inference_address": "127.0.0.1",
        "grpc_inference_port": "7070",
        "grpc_management_address": "127.0.0.1",
        "grpc_management_port": "7071",
        "disable_token_authorization": "false",
        "model_store": str(tmp_path),
        "enable_model_api": "true",
        "install_py_dep_per_model": "false",
        "metrics_mode": "prometheus",
        "default_workers_per_model": "1",
        "job_queue_size": "100",
        "initial_worker_port": "9000",
    }


def test_the_plan_decides(tmp_path: Path) -> None:
    plan = ServerPlan(
        model_store=tmp_path,
        ports=Ports(management=18081, first_worker=9500),
        token_auth=False,
        default_workers=3,
        extra={"max_request_size": "10"},
    )

    settings = properties.parse(render(plan))

    assert settings["management_address"] == "http://127.0.0.1:18081"
    assert settings["initial_worker_port"] == "9500"
    assert settings["disable_token_authorization"] == "true"
    assert settings["default_workers_per_model"] == "3"
    assert settings["max_request_size"] == "10"


def test_a_path_with_any_character_survives(tmp_path: Path) -> None:
    store = tmp_path / "mödels #1 = \\new"
    store.mkdir()

    assert properties.parse(render(ServerPlan(model_store=store)))["model_store"] == str(store)


def test_every_block_of_settings_has_its_reason(tmp_path: Path) -> None:
    blocks = render(ServerPlan(model_store=tmp_path, extra={"a": "1", "b": "2"})).split("\n\n")

    assert all(block.startswith("# ") for block in blocks)


def test_a_default_can_be_set_otherwise(tmp_path: Path) -> None:
    text = render(ServerPlan(model_store=tmp_path, extra={"job_queue_size": "7"}))

    assert properties.parse(text)["job_queue_size"] == "7"
    assert text.count("job_queue_size") == 1


@pytest.mark.parametrize(
    ("key", "instead"),
    [
        ("metrics_mode", "Use --metrics-mode"),
        ("management_address", "Use --ports and --bind"),
        ("grpc_inference_port", "Use --ports and --bind"),
        ("model_store", "Use --model-store"),
    ],
)
def test_a_setting_that_the_rest_depends_on_is_refused(
    tmp_path: Path, key: str, instead: str
) -> None:
    with pytest.raises(BadConfiguration, match=f"{key}=x cannot be set") as caught:
        render(ServerPlan(model_store=tmp_path, extra={key: "x"}))

    assert caught.value.hint == instead


def test_a_setting_cannot_smuggle_in_another(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration):
        render(ServerPlan(model_store=tmp_path, extra={"a\nmetrics_mode": "log"}))

    text = render(ServerPlan(model_store=tmp_path, extra={"a": "1\nmetrics_mode=log"}))
    assert properties.parse(text)["metrics_mode"] == "prometheus"


def test_settings_of_a_command_line() -> None:
    assert extra_settings(["a=1", "vmargs = -Xmx512m -Da=b", "b="]) == {
        "a": "1",
        "vmargs": "-Xmx512m -Da=b",
        "b": "",
    }


@pytest.mark.parametrize("word", ["a", "=1", "", "a b=1", "1a=2", "ä=1"])
def test_a_word_that_is_no_setting_is_refused(word: str) -> None:
    with pytest.raises(BadConfiguration, match="Not a setting"):
        extra_settings([word])


def test_all_models_are_the_archives_and_no_other_folder(tmp_path: Path) -> None:
    for name in ("mnist.mar", "other.tar.gz", "readme.txt", ".hidden.mar"):
        (tmp_path / name).touch()
    (tmp_path / "samples").mkdir()
    (tmp_path / "unpacked" / "MAR-INF").mkdir(parents=True)
    (tmp_path / "unpacked" / "MAR-INF" / "MANIFEST.json").touch()
    plan = ServerPlan(model_store=tmp_path, extra={"load_models": "all"})

    assert properties.parse(render(plan))["load_models"] == "mnist.mar,other.tar.gz,unpacked"


def test_models_without_a_worker_cannot_be_loaded(tmp_path: Path) -> None:
    plan = ServerPlan(model_store=tmp_path, default_workers=0, extra={"load_models": "a.mar"})

    with pytest.raises(BadConfiguration, match="one worker per CPU core") as caught:
        render(plan)
    assert "--workers 0" in caught.value.hint


@pytest.mark.parametrize(
    ("address", "listens", "reached"),
    [
        ("127.0.0.1", "http://127.0.0.1:8081", "127.0.0.1"),
        ("0.0.0.0", "http://0.0.0.0:8081", "127.0.0.1"),
        ("::1", "http://[::1]:8081", "[::1]"),
    ],
)
def test_where_it_listens_and_is_reached(
    tmp_path: Path, address: str, listens: str, reached: str
) -> None:
    plan = ServerPlan(model_store=tmp_path, address=address, metrics_mode="log")
    settings = properties.parse(render(plan))

    assert settings["management_address"] == listens
    assert settings["grpc_management_address"] == address
    assert settings["metrics_mode"] == "log"
    assert (plan.reached_at, plan.is_open) == (reached, address == "0.0.0.0")
