"""tsmon: the terminal monitor for TorchServe."""

import sys

__version__ = "0.1.0"

# httpx has a command of its own, whose imports cost as much as all the rest of it. So it is here as
# if its `cli` extra were not installed.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
