"""What is known of the exceptions that people post, and that the rest stays unknown."""

from __future__ import annotations

import pytest

from tsmon.telemetry.logs.known_exceptions import KNOWN, CauseKind, classify

_CENTRAL = "PytorchStreamReader failed reading zip archive: failed finding central directory"
_ON_CUDA = (
    "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False"
)
_WEIGHTS_ONLY = "_pickle.UnpicklingError: Weights only load failed. In PyTorch 2.6, we changed"
_MAIN = "<module '__main__' from '/venv/lib/python3.8/site-packages/ts/model_service_worker.py'>"
_HUB = "for url: https://huggingface.co/meta-llama/Llama-2-7b/resolve/main/config.json"

POSTED = [
    ("ModuleNotFoundError: No module named 'captum'", CauseKind.MISSING_MODULE, "pip install"),
    ("ImportError: `low_cpu_mem_usage=True` requires Accelerate: `pip install accelerate`",
     CauseKind.MISSING_MODULE, "pip install accelerate"),
    ("ImportError: cannot import name 'a' from 'b'", CauseKind.IMPORT_FAILED, "version"),
    ("ImportError: libGL.so.1: cannot open shared object file: No such file or directory",
     CauseKind.MISSING_LIBRARY, "opencv-python-headless"),
    ("OSError: libcudart.so.11.0: cannot open shared object file: No such file or directory",
     CauseKind.MISSING_LIBRARY, "one CUDA"),
    ("OSError: libsndfile.so.1: cannot open shared object file", CauseKind.MISSING_LIBRARY,
     "system's package"),
    ("ImportError: /lib/libstdc++.so.6: version `GLIBCXX_3.4.29' not found (required by x.so)",
     CauseKind.INCOMPATIBLE, "build that fits"),
    ("ImportError: /x/_C.so: undefined symbol: _ZN3c105ErrorC1E", CauseKind.INCOMPATIBLE, "build"),
    ("RuntimeError: operator torchvision::nms does not exist", CauseKind.INCOMPATIBLE,
     "torchvision that belongs"),
    ("ValueError: numpy.dtype size changed, may indicate binary incompatibility",
     CauseKind.INCOMPATIBLE, "numpy"),
    ("AttributeError: module 'numpy' has no attribute 'bool'.", CauseKind.INCOMPATIBLE, "numpy"),
    ("ValueError: The checkpoint has model type `gemma3` but Transformers does not recognize this "
     "architecture", CauseKind.INCOMPATIBLE, "Upgrade transformers"),
    ("RuntimeError: version_ <= kMaxSupportedFileFormatVersion INTERNAL ASSERT FAILED",
     CauseKind.INCOMPATIBLE, "another PyTorch"),
    (f"{_WEIGHTS_ONLY} WeightsUnpickler error: Unsupported global: GLOBAL model.Net was not",
     CauseKind.WEIGHTS_REFUSED, "weights_only=False"),
    (f"{_WEIGHTS_ONLY} WeightsUnpickler error: Unsupported operand 118",
     CauseKind.BROKEN_FILE, "git lfs pull"),
    ("_pickle.UnpicklingError: invalid load key, 'v'.", CauseKind.BROKEN_FILE, "git lfs pull"),
    ("_pickle.UnpicklingError: invalid load key, '<'.", CauseKind.BROKEN_FILE, "HTML"),
    (f"RuntimeError: {_CENTRAL}", CauseKind.BROKEN_FILE, "incomplete"),
    ("RuntimeError: Invalid magic number; corrupt file?", CauseKind.BROKEN_FILE, "incomplete"),
    ("EOFError: Ran out of input", CauseKind.BROKEN_FILE, "incomplete"),
    ("safetensors_rust.SafetensorError: Error while deserializing header: HeaderTooLarge",
     CauseKind.BROKEN_FILE, "incomplete"),
    ("RuntimeError: PytorchStreamReader failed locating file constants.pkl: file not found",
     CauseKind.NOT_TORCHSCRIPT, "--model-file"),
    (f"AttributeError: Can't get attribute 'OrderClassifier' on {_MAIN}",
     CauseKind.PICKLED_CLASS, "state_dict"),
    ("AttributeError: 'collections.OrderedDict' object has no attribute 'eval'",
     CauseKind.WEIGHTS_MISMATCH, "--model-file"),
    ("RuntimeError: Error(s) in loading state_dict for Net: size mismatch for fc.weight",
     CauseKind.WEIGHTS_MISMATCH, "model file"),
    ("OSError: You are trying to access a gated repo.", CauseKind.NO_ACCESS, "HF_TOKEN"),
    (f"requests.exceptions.HTTPError: 401 Client Error: Unauthorized {_HUB}",
     CauseKind.NO_ACCESS, "HF_TOKEN"),
    ("botocore.exceptions.NoCredentialsError: Unable to locate credentials",
     CauseKind.NO_ACCESS, "credentials"),
    ("requests.exceptions.SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
     CauseKind.DOWNLOAD_FAILED, "SSL_CERT_FILE"),
    ("OSError: bert is not a local folder and is not a valid model identifier listed on",
     CauseKind.DOWNLOAD_FAILED, "name"),
    ("OSError: We couldn't connect to 'https://huggingface.co' to load this file",
     CauseKind.DOWNLOAD_FAILED, "archive"),
    ("urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>",
     CauseKind.DOWNLOAD_FAILED, "archive"),
    ("OSError: [Errno 28] No space left on device", CauseKind.NO_SPACE, "Free space"),
    ("RuntimeError: unable to write to file </torch_17_1>: No space left on device (28)",
     CauseKind.NO_SPACE, "--shm-size"),
    ("PermissionError: [Errno 13] Permission denied: '/home/model-server/.cache'",
     CauseKind.NO_PERMISSION, "user that runs"),
    ("OSError: [Errno 98] Address already in use", CauseKind.ADDRESS_IN_USE, "initial_worker_port"),
    ("RuntimeError: can't start new thread", CauseKind.LIMIT_REACHED, "ulimit"),
    ("OSError: AF_UNIX path too long", CauseKind.NOT_STARTED, "shorter TEMP"),
    ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
     CauseKind.CUDA_OUT_OF_MEMORY, "fewer workers"),
    ("MemoryError", CauseKind.OUT_OF_MEMORY, "memory"),
    ("OSError: [Errno 12] Cannot allocate memory", CauseKind.OUT_OF_MEMORY, "memory"),
    ("RuntimeError: [enforce fail at alloc_cpu.cpp:75] DefaultCPUAllocator: can't allocate memory",
     CauseKind.OUT_OF_MEMORY, "memory"),
    (f"RuntimeError: {_ON_CUDA}. If you are running on a CPU-only machine, please use torch.load",
     CauseKind.WRONG_DEVICE, "map_location"),
    ("RuntimeError: Expected all tensors to be on the same device, but found at least two devices, "
     "cuda:0 and cpu!", CauseKind.WRONG_DEVICE, "self.device"),
    ("RuntimeError: Input type (torch.FloatTensor) and weight type (torch.cuda.FloatTensor) should "
     "be the same", CauseKind.WRONG_DEVICE, "self.device"),
    ("RuntimeError: Found no NVIDIA driver on your system.", CauseKind.NO_GPU, "nvidia-smi"),
    ("AssertionError: Torch not compiled with CUDA enabled", CauseKind.NO_GPU, "torch with CUDA"),
    ("RuntimeError: CUDA error: no kernel image is available for execution on the device",
     CauseKind.NO_GPU, "get_arch_list"),
    ("RuntimeError: CUDA error: device-side assert triggered", CauseKind.CUDA_ERROR,
     "CUDA_LAUNCH_BLOCKING"),
    ("FileNotFoundError: [Errno 2] No such file: 'v.json'", CauseKind.MISSING_FILE, "extra-files"),
    ("RuntimeError: Missing the model.py file", CauseKind.MISSING_FILE, "extra-files"),
    ("PIL.UnidentifiedImageError: cannot identify image file <_io.BytesIO object at 0x7f>",
     CauseKind.BAD_INPUT, "not an image"),
    ("ValueError: Expected only one class in custom", CauseKind.BAD_HANDLER, "one class"),
    ("SyntaxError: expected ':'", CauseKind.BAD_HANDLER, "valid Python"),
]  # fmt: skip
"""Roots of failures as people post them, most of them in issues of pytorch/serve."""

UNKNOWN = [
    "ValueError: the handler raised",
    "KeyError: 'body'",
    "TypeError: initialize() missing 1 required positional argument: 'context'",
    "RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x5 and 4x2)",
    "ValueError: CUDA is set, but the model was exported for the CPU",
    "NotImplementedError: NCCL is not for handlers",
    "ConnectionRefusedError: [Errno 111] Connection refused",
    "ImportError: attempted relative import with no known parent package",
    "OSError: [Errno 22] Invalid argument",
    "KeyboardInterrupt",
]


@pytest.mark.parametrize(("root", "kind", "remedy"), POSTED)
def test_exceptions_are_recognised(root: str, kind: CauseKind, remedy: str) -> None:
    verdict = classify(root)
    assert verdict is not None
    assert verdict.kind is kind
    assert remedy in verdict.hint


@pytest.mark.parametrize("root", UNKNOWN)
def test_what_has_no_sure_remedy_is_unknown(root: str) -> None:
    assert classify(root) is None


def test_every_rule_is_tried_by_a_root_that_is_posted() -> None:
    used = {(verdict.kind, verdict.hint) for root, _, _ in POSTED if (verdict := classify(root))}
    assert [known.hint for known in KNOWN if (known.kind, known.hint) not in used] == []


def test_exception_that_followed_is_known_where_the_root_is_not() -> None:
    later = ("KeyError: 'x'", "OSError: [Errno 28] No space left on device")
    verdict = classify(later[0], later)
    assert verdict is not None
    assert verdict.kind is CauseKind.NO_SPACE


def test_kind_of_a_recording_of_another_tsmon_is_unknown() -> None:
    assert CauseKind("unknown") is CauseKind.UNKNOWN
