"""Real TorchServes whose metrics.yaml has metrics of the person's own, which a handler emits."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from tests.contract.real import RealTorchServe, real_torchserve

OWN_METRICS = """
model_metrics:
  counter:
    - {name: DigitsSeen, unit: Count, dimensions: [ModelName, Level, Digit]}
  gauge:
    - {name: Confidence, unit: Percent, dimensions: [ModelName, Level, Digit]}
  histogram:
    - {name: ImageSize, unit: Kilobytes, dimensions: [ModelName, Level]}
"""
HANDLER = """
from ts.metrics.metric_type_enum import MetricTypes

def handle(data, context):
    if data is None:
        return None
    for each in data:
        digit = bytes(each["body"]).decode()
        metrics = context.metrics
        of = ["own", "Model"]
        metrics.get_metric("DigitsSeen", MetricTypes.COUNTER).add_or_update(1, [*of, digit])
        metrics.get_metric("Confidence", MetricTypes.GAUGE).add_or_update(87.5, [*of, digit])
        metrics.get_metric("ImageSize", MetricTypes.HISTOGRAM).add_or_update(0.3, of)
    return ["1"] * len(data)
"""


@contextmanager
def own_metrics(folder: Path, mode: str) -> Iterator[RealTorchServe]:
    """A server in a metrics_mode with the model `own`, which was asked for 7, 7 and 3."""
    if find_spec("ts") is None:
        pytest.skip("needs TorchServe: pip install -e '.[server,dev]'")
    import ts

    usual = Path(ts.__file__).with_name("configs") / "metrics.yaml"
    own, _, _ = usual.read_text().partition("model_metrics:")
    (folder / "metrics.yaml").write_text(own + OWN_METRICS)
    settings = {
        "disable_token_authorization": "true",
        "enable_model_api": "true",
        "metrics_config": str(folder / "metrics.yaml"),
        "metrics_mode": mode,
        "disable_system_metrics": "false",
        "metric_time_interval": "1",
    }
    with real_torchserve(settings) as real:
        store = real.key_file.parent / "store"
        _write_archive(store / "own.mar")
        with httpx.Client(base_url=real.addresses.management, trust_env=False) as management:
            params = {"url": "own.mar", "initial_workers": "1", "synchronous": "true"}
            answer = management.post("/models", params=params, timeout=60)
            assert answer.is_success, answer.text
        ask(real, "7", "7", "3")
        yield real


def ask(real: RealTorchServe, *digits: str) -> None:
    """Send requests, whose bodies are the digits that they are counted under."""
    url = f"{real.addresses.inference}/predictions/own"
    for digit in digits:
        assert httpx.post(url, content=digit, timeout=60, trust_env=False).is_success


def _write_archive(path: Path) -> None:
    model = {"modelName": "own", "handler": "own_entry.py", "modelVersion": "1.0"}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("own_entry.py", HANDLER)
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps({"runtime": "python", "model": model}))
