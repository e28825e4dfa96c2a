"""GPUs in the words of describe and of `nvidia-smi`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tsmon.torchserve.gpu import GpuUse, parse_gpu_usage, parse_nvidia_smi
from tsmon.torchserve.records import parse_versions
from tsmon.units import MIB

WHEEL = (
    "gpuId::0 utilization.gpu [%]::35 % utilization.memory [%]::12 % memory.used [MiB]::18950 MiB"
)
HEAD = "gpuId::1 utilization.gpu::0 % utilization.memory::0 % memory.used::18,950 MiB"


def test_both_forms_of_describe_are_read() -> None:
    assert parse_gpu_usage(WHEEL) == GpuUse("0", 0.35, 18950 * MIB)
    assert parse_gpu_usage(HEAD) == GpuUse("1", 0.0, 18950 * MIB)
    for separated in ("18.950", "18 950", "18\u202f950", "18'950"):
        assert parse_gpu_usage(HEAD.replace("18,950", separated)) == GpuUse("1", 0.0, 18950 * MIB)


def test_what_is_not_said_is_not_known() -> None:
    assert parse_gpu_usage("N/A") is None
    assert parse_gpu_usage("failed to obtained gpu usage") is None
    assert parse_gpu_usage("gpuId::0 utilization.gpu [%]::[N/A] %") == GpuUse("0")
    assert parse_gpu_usage("gpuId::0 utilization.gpu [%]::999 %") == GpuUse("0")


@given(st.text() | st.text("gpuId::0 utilization.gpu [%]memory.used,MiB89"))
def test_any_text_is_read_or_not(text: str) -> None:
    found = parse_gpu_usage(text)
    assert found is None or found.id.isdigit()
    for index, gpu in parse_nvidia_smi(text).items():
        assert (index, gpu.share is None or 0 <= gpu.share <= 1) == (gpu.id, True)


def test_nvidia_smi_gives_each_gpu() -> None:
    found = parse_nvidia_smi("0, 35, 18950, 24576\n1, [N/A], [N/A], 24576\nfailed\n")
    assert found == {
        "0": GpuUse("0", 0.35, 18950 * MIB, 24576 * MIB),
        "1": GpuUse("1", None, None, 24576 * MIB),
    }


def test_worker_without_a_gpu_has_none() -> None:
    workers = [
        {"id": "9000", "status": "READY", "gpu": False, "gpuUsage": WHEEL},
        {"id": "9001", "status": "READY", "gpu": True, "gpuUsage": WHEEL},
        {"id": "9002", "status": "READY", "gpu": True, "gpuUsage": ["x"]},
    ]
    (version,) = parse_versions([{"modelName": "m", "minWorkers": 1, "workers": workers}])
    ids = [worker.gpu_use.id if worker.gpu_use else None for worker in version.workers]
    assert ids == [None, "0", None]
