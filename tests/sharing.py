"""Which tests one process does, where several share them (`pytest -n auto`)."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/model/": "a trained network",
    "tests/contract/": "servers that many tests share",
    "tests/integration/causes/": "servers that many tests share",
    "tests/integration/logs/": "servers that many tests share",
    "tests/integration/prometheus/": "servers that many tests share",
    "tests/integration/": "servers that come and go",
}
"""Folders by what their tests share, the inner ones first.

No server is started in each process anew, and hardly ever do two look for free ports at once.
"""


class Sharing(LoadScopeScheduling):  # type: ignore[misc] # it has no types
    """Gives all of a kind to one process, in their order, and all others to whichever has time.

    It goes by the path, since the marks of `--dist loadgroup` are lost with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next(
            (kind for folder, kind in TOGETHER.items() if nodeid.startswith(folder)), nodeid
        )
