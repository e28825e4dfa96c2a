"""The `tsmon` command."""

from __future__ import annotations

from tsmon.cli.main import main

if __name__ == "__main__":
    main()
