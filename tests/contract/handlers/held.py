"""Is loaded when the test releases it."""

import os
import time
from pathlib import Path
from typing import Any

while not Path(os.environ["CONTRACT_RELEASE"]).exists():
    time.sleep(0.02)


def handle(data: list[dict[str, Any]] | None, context: Any) -> list[str] | None:
    return None if data is None else ["7"] * len(data)
