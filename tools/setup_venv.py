"""Makes the virtual environment that everything runs in, and keeps it up to date.

    python3 tools/setup_venv.py [FOLDER]

`make setup` calls it. It needs nothing but Python, does nothing when nothing has changed, and
finishes what an earlier call left unfinished.
"""

# ruff: noqa: T201 - it talks to the person at the terminal

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - any Python may run this; so this file parses on all
    sys.exit(
        "tsmon needs Python 3.11 or newer, and this is {}.{}.\n"
        "Install a newer one, or name it: make setup PYTHON=/path/to/python3.13".format(
            *sys.version_info[:2]
        )
    )

import hashlib
import json
import platform
import re
import shutil
import subprocess
import threading
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("server", "grpc", "dev")
PROTOS = "tsmon/torchserve/grpc"
STAMP = "tsmon-setup"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CPU_INDEX_SECONDS = 5.0
IMPORTED = ("torch", "torchvision", "ts", "model_archiver", "tsmon")


class SetupError(Exception):
    """Why the environment cannot be made; for the person to read."""


def main(arguments: list[str]) -> int:
    """Make the environment in the folder named, `.venv` by default; the exit code."""
    venv = (ROOT / (arguments[0] if arguments else ".venv")).absolute()
    try:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        set_up(venv, project)
    except SetupError as error:
        print(f"\nSetup failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the next call goes on from here.", file=sys.stderr)
        return 130
    return 0


def set_up(venv: Path, project: dict[str, Any]) -> None:
    """Make *venv* or bring it up to date, and stamp it when all of it works."""
    stamp = venv / STAMP
    wanted = fingerprint(project, ROOT, sys.version_info[:2])
    if is_current(stamp, wanted) and compile_modules(venv):
        return
    stamp.unlink(missing_ok=True)
    make_venv(venv)
    if wants_cpu_torch():
        install_cpu_torch(venv, project)
    heading(f"Installing tsmon with its extras {', '.join(EXTRAS)}")
    if not pip_install(venv, "--editable", f".[{','.join(EXTRAS)}]"):
        raise SetupError("pip could not install tsmon; its reason is above.")
    verify(venv)
    compile_modules(venv)
    stamp.write_text(wanted + "\n")
    heading(f"Ready: {venv}")


def fingerprint(project: dict[str, Any], root: Path, python: tuple[int, ...]) -> str:
    """A hash of everything that decides what is installed, and of nothing else."""
    table = project["project"]
    decisive = {
        "python": python,
        "root": str(root),  # an editable installation and its scripts hold this path
        "build": project["build-system"],
        "dependencies": table["dependencies"],
        "extras": {extra: table["optional-dependencies"][extra] for extra in EXTRAS},
        "scripts": table.get("scripts"),
        "protos": [path.read_text() for path in sorted((root / PROTOS).glob("*.proto"))],
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def is_current(stamp: Path, wanted: str) -> bool:
    """Whether the last finished setup had the same fingerprint."""
    try:
        return stamp.read_text().strip() == wanted
    except OSError:
        return False


def make_venv(venv: Path) -> None:
    """Make *venv*, unless it is there, of this Python, and its pip works."""
    if not made_with_this_python(venv) or not succeeded(run_python(venv, "-m", "pip", "--version")):
        heading(f"Making {venv.name} with Python {platform.python_version()}")
        create_empty_venv(venv)


def create_empty_venv(venv: Path) -> None:
    """Recreate *venv*, whatever is there."""
    if subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=False).returncode:
        raise SetupError(
            "Python could not make a virtual environment; its reason is above.\n"
            "Debian and Ubuntu have that in a package of its own: sudo apt install python3-venv"
        )


def made_with_this_python(venv: Path) -> bool:
    """Whether *venv* is of the same minor version as the Python that runs this."""
    result = run_python(venv, "-c", "import sys; print(*sys.version_info[:2])")
    this = [str(part) for part in sys.version_info[:2]]
    return result is not None and result.stdout.split() == this


def wants_cpu_torch() -> bool:
    """Whether PyTorch without CUDA is enough here, and can be had."""
    if platform.system() != "Linux" or has_nvidia_gpu():
        return False
    heading("No NVIDIA GPU found: asking for PyTorch without CUDA")
    if is_reachable(f"{CPU_INDEX}/torch/", CPU_INDEX_SECONDS):
        return True
    announce_large_torch(f"{CPU_INDEX} does not answer")
    return False


def has_nvidia_gpu() -> bool:
    """Whether the driver of NVIDIA is at work on this machine."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def is_reachable(url: str, seconds: float) -> bool:
    """Whether *url* answers in time, the look-up of its name included."""
    answered = threading.Event()

    def ask() -> None:
        try:
            with urllib.request.urlopen(url, timeout=seconds):  # noqa: S310 - https, see above
                answered.set()
        except OSError:
            pass

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return answered.is_set()


def install_cpu_torch(venv: Path, project: dict[str, Any]) -> None:
    """Install torch and torchvision from PyTorch's own index, in one go so that they match."""
    heading("Installing PyTorch without CUDA (about 200 MB)")
    if not pip_install(venv, "--index-url", CPU_INDEX, *torch_requirements(project)):
        announce_large_torch("That did not work")


def torch_requirements(project: dict[str, Any]) -> list[str]:
    """What pyproject.toml asks of torch and torchvision."""
    server = project["project"]["optional-dependencies"]["server"]
    return [each for each in server if re.match(r"torch(vision)?(?![\w.-])", each)]


def announce_large_torch(reason: str) -> None:
    """Say that a large download comes, and why."""
    heading(f"{reason}: PyTorch comes from the normal index, with CUDA (several GB)")


def pip_install(venv: Path, *arguments: str) -> bool:
    """Let pip install; whether it could. Without a terminal it only says what goes wrong."""
    command = [str(python_of(venv)), "-m", "pip", "install", "--disable-pip-version-check"]
    if not sys.stdout.isatty():
        command.append("--quiet")
    return subprocess.run([*command, *arguments], cwd=ROOT, check=False).returncode == 0


def verify(venv: Path) -> None:
    """Check that what was installed can be imported: versions that do not match cannot."""
    heading("Checking that it works")
    for module in IMPORTED:
        result = run_python(venv, "-c", f"import {module}")
        if not succeeded(result):
            reason = result.stderr if result else ""
            raise SetupError(
                f"{module} is installed but cannot be imported:\n{reason}\n"
                "A fresh start may help: make distclean setup"
            )


def compile_modules(venv: Path) -> bool:
    """Write tsmon's bytecode, as pip does for other packages; whether *venv* has a Python that can.

    Where Python is asked to write none, each start would compile every module, which takes longer
    than all else that it does.
    """
    return succeeded(run_python(venv, "-m", "compileall", "-q", str(ROOT / "tsmon")))


def run_python(venv: Path, *arguments: str) -> subprocess.CompletedProcess[str] | None:
    """Run the Python of *venv* and keep what it says; None when there is none."""
    command = [str(python_of(venv)), *arguments]
    try:
        return subprocess.run(command, cwd=venv, capture_output=True, text=True, check=False)
    except OSError:
        return None


def succeeded(result: subprocess.CompletedProcess[str] | None) -> bool:
    """Whether a run of `run_python` did what it was to do."""
    return result is not None and result.returncode == 0


def python_of(venv: Path) -> Path:
    """The Python of a virtual environment."""
    return venv / "bin" / "python"


def heading(text: str) -> None:
    """Say what comes next."""
    print(f"==> {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
