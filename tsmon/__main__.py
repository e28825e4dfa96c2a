"""The `tsmon` command."""

from __future__ import annotations

import gc

# What is imported stays until the end; the collector's walks over it are a fifth of the start.
gc.disable()
from tsmon.cli.main import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
