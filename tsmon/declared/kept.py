"""What servers had, in files from which it can be put back."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.declared.state import as_toml
from tsmon.torchserve.errors import InvalidArgument
from tsmon.untrusted.private import private_folder

if TYPE_CHECKING:
    from tsmon.declared.state import DeclaredState
    from tsmon.serving.home import Home

_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")


def keep_before(home: Home, server: str, state: DeclaredState) -> Path:
    """Write down what a server had; the file that gives it back.

    Raises:
        InvalidArgument: it cannot be written, so that there would be no way back.
    """
    folder = home.path / "states"
    now = datetime.now().astimezone()
    file = folder / f"{_NOT_IN_A_NAME.sub('-', server)}-{now:%Y%m%d-%H%M%S-%f}.toml"
    try:
        private_folder(folder)
        file.write_text(as_toml(state, f"models of {server} before {now:%Y-%m-%d %H:%M:%S %z}"))
    except OSError as error:
        raise InvalidArgument(f"cannot write {file}: {error.strerror or error}") from None
    return file
