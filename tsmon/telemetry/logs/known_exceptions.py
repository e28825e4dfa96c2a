"""What is known of exceptions that end workers and requests, and what to do about each."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple


class CauseKind(StrEnum):
    """What went wrong, in the words shown to a person."""

    MISSING_MODULE = "missing module"
    IMPORT_FAILED = "import failed"
    INCOMPATIBLE = "packages do not fit together"
    MISSING_LIBRARY = "missing shared library"
    OUT_OF_MEMORY = "out of memory"
    CUDA_OUT_OF_MEMORY = "GPU out of memory"
    CUDA_ERROR = "CUDA error"
    NO_GPU = "GPU not usable"
    WRONG_DEVICE = "tensors on another device"
    WEIGHTS_MISMATCH = "weights do not match the network"
    WEIGHTS_REFUSED = "weights hold more than tensors"
    PICKLED_CLASS = "class of the pickled model not found"
    NOT_TORCHSCRIPT = "not a TorchScript file"
    BROKEN_FILE = "file is broken"
    NO_ACCESS = "download not permitted"
    DOWNLOAD_FAILED = "download failed"
    NO_SPACE = "no space left"
    NO_PERMISSION = "no permission"
    LIMIT_REACHED = "limit of the system"
    ADDRESS_IN_USE = "address in use"
    LOAD_TIMEOUT = "time-out while loading"
    INFERENCE_TIMEOUT = "time-out while answering"
    HANDLER_RAISED = "the handler raised"
    WRONG_ANSWER_COUNT = "wrong number of answers"
    INVALID_ANSWER = "invalid answer"
    BAD_INPUT = "input not usable"
    BAD_HANDLER = "handler not usable"
    MISSING_FILE = "missing file"
    PIP_FAILED = "pip install failed"
    NOT_STARTED = "worker process not started"
    CRASHED = "process crashed"
    DIED_SILENTLY = "process ended without output"
    UNKNOWN = "unknown cause"

    @classmethod
    def _missing_(cls, value: object) -> CauseKind:
        """A kind that a recording of another tsmon has."""
        return cls.UNKNOWN


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
    CauseKind.CRASHED: (
        "Native code crashed; check that the packages of its stack fit the versions of torch and "
        "Python"
    ),
    CauseKind.DIED_SILENTLY: (
        "It was killed, crashed or called exit without a word, or TorchServe lost its last lines, "
        "which another attempt may show"
    ),
    CauseKind.PIP_FAILED: "Fix requirements.txt; unregister the model before trying again",
    CauseKind.UNKNOWN: "Read what the worker wrote in the log: no remedy is known for it",
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

_RULES: tuple[tuple[CauseKind, str, str], ...] = (
    (
        CauseKind.LIMIT_REACHED,
        r"^RuntimeError: can't start new thread|pthread_create failed|Too many open files",
        "Raise the limit of threads or open files for the user that runs TorchServe (`ulimit`), or "
        "run fewer workers and threads",
    ),
    (
        CauseKind.NO_SPACE,
        r"insufficient shared memory|^RuntimeError: unable to write to file </torch_",
        "Give the container more shared memory: docker run --shm-size=2g",
    ),
    (
        CauseKind.NO_SPACE,
        r"No space left on device|Disk quota exceeded",
        "Free space where the worker writes: TorchServe's TEMP folder, its logs, the cache of "
        "downloads",
    ),
    (
        CauseKind.ADDRESS_IN_USE,
        r"Address already in use",
        "Another process has the worker's port or socket, such as a second TorchServe: end it, or "
        "set another initial_worker_port and TEMP",
    ),
    (
        CauseKind.NOT_STARTED,
        r"AF_UNIX path too long",
        "Start TorchServe with a shorter TEMP: the worker's socket is in it",
    ),
    (
        CauseKind.NO_PERMISSION,
        r"^(?:PermissionError|OSError: \[Errno 30\])",
        "Let the user that runs TorchServe use this path, or point the handler to a writable one "
        "(TEMP, HF_HOME)",
    ),
    (
        CauseKind.NO_ACCESS,
        r"gated repo|GatedRepoError|40[13] Client Error: .*huggingface\.co|RepositoryNotFoundError",
        "Accept the model's terms on its page, and start TorchServe with HF_TOKEN set to a token "
        "that may read it; or put the files into the archive",
    ),
    (
        CauseKind.NO_ACCESS,
        r"NoCredentialsError|Unable to locate credentials",
        "Give the server's processes the credentials, as variables or a role of the machine",
    ),
    (
        CauseKind.DOWNLOAD_FAILED,
        r"is not a local folder and is not a valid model identifier|EntryNotFoundError: 404"
        r"|404 Client Error: .*huggingface\.co",
        "Check the model's name and the folder that the handler loads: neither a local folder nor "
        "a model of the hub has it",
    ),
    (
        CauseKind.DOWNLOAD_FAILED,
        r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError",
        "Start TorchServe with SSL_CERT_FILE and REQUESTS_CA_BUNDLE set to your certificates",
    ),
    (
        CauseKind.DOWNLOAD_FAILED,
        r"We couldn't connect to 'https?:|LocalEntryNotFoundError|name resolution"
        r"|Name or service not known|HTTPS?ConnectionPool\(.*Max retries exceeded"
        r"|OfflineModeIsEnabled",
        "The server cannot reach what the handler downloads: open the way, or put the files into "
        "the archive (--extra-files)",
    ),
    (
        CauseKind.PICKLED_CLASS,
        r"Can't get attribute '[^']+' on <module '__main__'",
        "The whole model was pickled by a script: save its state_dict instead and archive the "
        "class with --model-file",
    ),
    (
        CauseKind.BROKEN_FILE,
        r"invalid load key, '(?:v|\\x76)'|Weights only load failed.*Unsupported operand 118",
        "It is a Git LFS pointer, not the weights: run `git lfs pull` and archive again",
    ),
    (
        CauseKind.BROKEN_FILE,
        r"invalid load key, '<'|Weights only load failed.*Unsupported operand 60\b",
        "It is an HTML page, not the weights: download them again and archive again",
    ),
    (
        CauseKind.WEIGHTS_REFUSED,
        r"Weights only load failed",
        "Since PyTorch 2.6 torch.load takes tensors alone: archive a state_dict, or where you "
        "trust the file load it with weights_only=False in the handler",
    ),
    (
        CauseKind.NOT_TORCHSCRIPT,
        r"failed locating file constants\.pkl|Legacy model format is not supported on mobile",
        "Without a model file TorchServe loads TorchScript: archive these weights with "
        "--model-file, or save them with torch.jit.save",
    ),
    (
        CauseKind.INCOMPATIBLE,
        r"kMaxSupportedFileFormatVersion|maximum supported version for reading|Unknown builtin op",
        "The file was saved by another PyTorch: install the version that made it on the server",
    ),
    (
        CauseKind.BROKEN_FILE,
        r"PytorchStreamReader failed|Invalid magic number; corrupt file|invalid load key"
        r"|pickle data was truncated|^EOFError: Ran out of input|HeaderTooLarge|HeaderTooSmall"
        r"|InvalidHeaderDeserialization|MetadataIncompleteBuffer|BadZipFile|file might be corrupted"
        r"|Unable to load weights from pytorch checkpoint",
        "The file is incomplete or of another format: copy it again, compare its size or checksum, "
        "and archive again",
    ),
    (
        CauseKind.WEIGHTS_MISMATCH,
        r"'(?:collections\.)?(?:OrderedDict|dict)' object has no attribute '(?:eval|to|cuda|half)'",
        "The file holds a state_dict: archive it with --model-file, so that it is loaded into the "
        "network",
    ),
    (
        CauseKind.INCOMPATIBLE,
        r"operator torchvision::|Couldn't load custom C\+\+ ops",
        "Install the torchvision that belongs to this version of torch",
    ),
    (
        CauseKind.INCOMPATIBLE,
        r"undefined symbol: |GLIBCXX_[\d.]+' not found|GLIBC_[\d.]+' not found",
        "This package was built for another torch or system: install a build that fits",
    ),
    (
        CauseKind.INCOMPATIBLE,
        r"numpy\.dtype size changed|numpy\.core\.multiarray failed to import|Numpy is not available"
        r"|module 'numpy' has no attribute '(?:bool|int|float|object|long|unicode_)'",
        "This package was built for another numpy: install the version it asks for, often numpy<2",
    ),
    (
        CauseKind.INCOMPATIBLE,
        r"Transformers does not recognize this architecture"
        r"|Tokenizer class \w+ does not exist or is not currently imported",
        "Upgrade transformers on the server: this model is newer than it",
    ),
    (
        CauseKind.MISSING_LIBRARY,
        r"\blibGL\.so|\blibgthread-",
        "pip install opencv-python-headless instead of opencv-python, or install the system's "
        "libgl1 and libglib2.0-0",
    ),
    (
        CauseKind.MISSING_LIBRARY,
        r"\blib(?:cu\w+|nv\w+|nccl\w*)\.so[.\d]*: cannot open shared object",
        "A package was built for another CUDA than the one installed: install builds for one CUDA",
    ),
    (
        CauseKind.MISSING_LIBRARY,
        r"cannot open shared object file|cannot load library '"
        r"|error while loading shared libraries",
        "Install the system's package that has this library on the server, or in its image",
    ),
    (
        CauseKind.CUDA_OUT_OF_MEMORY,
        r"(?:CUDA|HIP|MPS backend) out of memory|OutOfMemoryError: .*(?:CUDA|GPU)"
        r"|CUBLAS_STATUS_ALLOC|CUDA error: out of memory",
        "Run fewer workers on this GPU, use smaller batches, or load a smaller model",
    ),
    (
        CauseKind.OUT_OF_MEMORY,
        r"^MemoryError|System out of memory|DefaultCPUAllocator: |Cannot allocate memory"
        r"|std::bad_alloc|ArrayMemoryError: Unable to allocate",
        "Run fewer workers, use smaller batches, or add memory",
    ),
    (
        CauseKind.WRONG_DEVICE,
        r"Attempting to deserialize object on (?:a )?CUDA device",
        "Load the weights with torch.load(…, map_location=self.device)",
    ),
    (
        CauseKind.WRONG_DEVICE,
        r"Expected all tensors to be on the same device"
        r"|Input type \(.+\) and weight type \(.+\) should be the same",
        "Move the input to the model's device in preprocess: tensor.to(self.device)",
    ),
    (
        CauseKind.NO_GPU,
        r"Found no NVIDIA driver|NVIDIA driver on your system is too old|no CUDA-capable device"
        r"|CUDA driver initialization failed|CUDA driver version is insufficient|No CUDA GPUs are",
        "Check the driver, and that the container has the GPUs (docker run --gpus all): "
        "nvidia-smi; or let the handler use the CPU where torch.cuda.is_available() is false",
    ),
    (
        CauseKind.NO_GPU,
        r"Torch not compiled with CUDA enabled",
        "Install a torch with CUDA, or let the handler use the CPU where torch.cuda.is_available() "
        "is false",
    ),
    (
        CauseKind.NO_GPU,
        r"no kernel image is available|CUDA error: invalid device ordinal",
        "This torch has no code for this GPU, or there is no GPU of that number: compare "
        "torch.cuda.get_arch_list() and torch.cuda.device_count() with the handler's device",
    ),
    (
        CauseKind.CUDA_ERROR,
        r"CUDA error: |cuDNN error: |CUBLAS_STATUS_|CUDNN_STATUS_|NCCL error",
        "Start TorchServe with CUDA_LAUNCH_BLOCKING=1, so that the traceback names the call that "
        "fails",
    ),
    (
        CauseKind.WEIGHTS_MISMATCH,
        r"Error\(s\) in loading state_dict|size mismatch for |Missing key\(s\) in",
        "Archive the weights with the model file they were trained with",
    ),
    (
        CauseKind.BAD_INPUT,
        r"UnidentifiedImageError|cannot identify image file",
        "The request's body is not an image: send the file itself, for example with curl -T FILE",
    ),
    (
        CauseKind.BAD_HANDLER,
        r"Expected only one class|Expect handle method|Unable to load module|more than one.*class",
        "A handler file must have a function of the given name, or one class with handle",
    ),
    (
        CauseKind.MISSING_FILE,
        r"^FileNotFoundError|^NotADirectoryError|Missing the .* file|no such file"
        r"|Error no file named ",
        "Put the file into the archive (--extra-files) and open it in the model's directory",
    ),
    (
        CauseKind.BAD_HANDLER,
        r"^(?:SyntaxError|IndentationError|TabError)",
        "Fix the handler; it is not valid Python",
    ),
    (
        CauseKind.IMPORT_FAILED,
        r"^ImportError: cannot import name",
        "A package has a different version than the code expects",
    ),
)
"""Roots whose remedy is sure; the first that fits counts. What fits none has an unknown cause."""
KNOWN = tuple(Known(kind, re.compile(pattern), hint) for kind, pattern, hint in _RULES)
_PIP_INSTALL = re.compile(r"^ImportError.*pip install (?:-U |--upgrade )?([A-Za-z][\w.\[\]-]*)")
_NO_MODULE = re.compile(r"^ModuleNotFoundError: No module named '([^']+)'")


class Verdict(NamedTuple):
    """A kind and what to do then."""

    kind: CauseKind
    hint: str


def usual(kind: CauseKind) -> Verdict:
    """A kind that is not recognised by an exception alone, with what to do then."""
    return Verdict(kind, HINTS[kind])


def classify(root: str, raised: tuple[str, ...] = ()) -> Verdict | None:
    """What is known of this exception, or of those that followed from it; None if nothing is."""
    if missing := _NO_MODULE.match(root):
        return _missing_module(missing[1], raised)
    for text in (root, *raised[1:]):
        if asked := _PIP_INSTALL.match(text):
            hint = f"pip install {asked[1]} on the server, or put it into requirements.txt"
            return Verdict(CauseKind.MISSING_MODULE, hint)
        for known in KNOWN:
            if known.pattern.search(text):
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
