"""The `tsmon` command."""

from __future__ import annotations

import gc
import sys

# What is imported stays until the end; the collector's walks over it are a fifth of the start.
gc.disable()
try:
    from tsmon.cli.main import main
except KeyboardInterrupt:
    sys.exit(130)

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
