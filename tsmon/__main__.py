"""The `tsmon` command."""

from __future__ import annotations

import gc
import sys

# Until the command that is called is there (`tsmon.cli.group`): what is imported stays until the
# end, and the collector's walks over it are a seventh of the start.
gc.disable()
try:
    from tsmon.cli.main import main
except KeyboardInterrupt:
    sys.exit(130)

if __name__ == "__main__":
    main()
