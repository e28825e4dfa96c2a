"""What is known of exceptions that end workers and requests, and what to do about each."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple


class CauseKind(StrEnum):
    """What went wrong, in the words shown to a person."""

    MISSING_MODULE = "missing module"
    IMPORT_FAILED = "import failed"
    OUT_OF_MEMORY = "out of memory"
    CUDA_OUT_OF_MEMORY = "GPU out of memory"
    CUDA_ERROR = "CUDA error"
    WEIGHTS_MISMATCH = "weights do not match the network"
    LOAD_TIMEOUT = "time-out while loading"
    INFERENCE_TIMEOUT = "time-out while answering"
    HANDLER_RAISED = "the handler raised"
    WRONG_ANSWER_COUNT = "wrong number of answers"
    INVALID_ANSWER = "invalid answer"
    BAD_HANDLER = "handler not usable"
    MISSING_FILE = "missing file"
    PIP_FAILED = "pip install failed"
    NOT_STARTED = "worker process not started"
    DIED_SILENTLY = "process ended without output"
    UNKNOWN = "unknown"


class Known(NamedTuple):
    """A cause that is known by the text of its exception."""

    kind: CauseKind
    pattern: re.Pattern[str]
    hint: str


HINTS = {
    CauseKind.LOAD_TIMEOUT: "Register it again with a longer startup_timeout, or load less",
    CauseKind.INFERENCE_TIMEOUT: (
        "Register it again with a longer response_timeout, or use smaller batches"
    ),
    CauseKind.HANDLER_RAISED: "Fix the handler at the last of its own lines in the traceback",
    CauseKind.WRONG_ANSWER_COUNT: (
        "The handler must return a list with one answer per request of the batch"
    ),
    CauseKind.INVALID_ANSWER: (
        "The handler must return a list with one answer per request of the batch"
    ),
    CauseKind.NOT_STARTED: "Check the Java exception in ts_log; does that Python exist?",
    CauseKind.DIED_SILENTLY: (
        "It was killed (check dmesg for the OOM killer), the handler called exit, or TorchServe "
        "lost its last lines: another attempt may show more"
    ),
    CauseKind.PIP_FAILED: "Fix requirements.txt; unregister the model before trying again",
    CauseKind.UNKNOWN: "Check the traceback in model_log",
}
"""For kinds that are not recognised by an exception alone."""

_PACKAGES = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Modules whose package has another name."""

_FORGOTTEN = {
    "captum": "TorchServe's image, vision and text handlers import it",
    "numpy": "handlers need it",
    "nvgpu": "TorchServe's GPU metrics need it",
    "pynvml": "TorchServe's GPU metrics need it",
    "torch": "every worker needs it",
    "torchtext": "TorchServe's text handlers import it",
    "torchvision": "TorchServe's vision handlers import it",
    "yaml": "every worker needs it",
}
"""What TorchServe imports and does not declare, and what for."""

KNOWN = (
    Known(
        CauseKind.IMPORT_FAILED,
        re.compile(r"^ImportError"),
        "A package has a different version than the code expects, or a system library is missing",
    ),
    Known(
        CauseKind.CUDA_OUT_OF_MEMORY,
        re.compile(r"CUDA out of memory|OutOfMemoryError: .*(?:CUDA|GPU)|CUBLAS_STATUS_ALLOC"),
        "Run fewer workers on this GPU, use smaller batches, or load a smaller model",
    ),
    Known(
        CauseKind.OUT_OF_MEMORY,
        re.compile(r"^MemoryError|DefaultCPUAllocator: .*allocate|Cannot allocate memory"),
        "Run fewer workers, use smaller batches, or add memory",
    ),
    Known(
        CauseKind.CUDA_ERROR,
        re.compile(r"CUDA|CUDNN|CUBLAS|NVIDIA driver|nccl", re.IGNORECASE),
        "Check driver and torch build on the server: python -c 'import torch; torch.cuda.init()'",
    ),
    Known(
        CauseKind.WEIGHTS_MISMATCH,
        re.compile(r"Error\(s\) in loading state_dict|size mismatch for |Missing key\(s\) in"),
        "Archive the weights with the model file they were trained with",
    ),
    Known(
        CauseKind.BAD_HANDLER,
        re.compile(
            r"Expected only one class|Expect handle method|Expected only one class in model def"
            r"|Unable to load module|more than one.*class"
        ),
        "A handler file must have a function of the given name, or one class with handle",
    ),
    Known(
        CauseKind.MISSING_FILE,
        re.compile(r"^FileNotFoundError|^NotADirectoryError|Missing the .* file|no such file"),
        "Put the file into the archive (--extra-files) and open it in the model's directory",
    ),
    Known(
        CauseKind.BAD_HANDLER,
        re.compile(r"^(SyntaxError|IndentationError|TabError)"),
        "Fix the handler; it is not valid Python",
    ),
)
_NO_MODULE = re.compile(r"^ModuleNotFoundError: No module named '([^']+)'")


class Verdict(NamedTuple):
    """A kind and what to do then."""

    kind: CauseKind
    hint: str


def classify(root: str, raised: tuple[str, ...] = ()) -> Verdict | None:
    """What is known of this exception, the first of those of its chain; None if nothing is."""
    if missing := _NO_MODULE.match(root):
        return _missing_module(missing[1], raised)
    for known in KNOWN:
        if known.pattern.search(root):
            return Verdict(known.kind, known.hint)
    return None


def _missing_module(module: str, raised: tuple[str, ...]) -> Verdict:
    # TorchServe looks for its own handler of the name when it cannot import the archive's.
    if any(f"'ts.torch_handler.{module}'" in later for later in raised[1:]):
        hint = f"There is no {module}.py in the archive, and TorchServe has no handler of that name"
        return Verdict(CauseKind.BAD_HANDLER, hint)
    top = module.partition(".")[0]
    package = _PACKAGES.get(top, top)
    if top in _FORGOTTEN:
        why = f"{_FORGOTTEN[top]}, and installing TorchServe does not bring it"
        return Verdict(CauseKind.MISSING_MODULE, f"pip install {package} on the server: {why}")
    return Verdict(
        CauseKind.MISSING_MODULE,
        f"pip install {package} on the server, or put it into the archive: a module of your own "
        "with --extra-files, a package in its requirements.txt",
    )
