"""What we know of a server that we started, kept in its home as server.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self

from msgspec import Struct, to_builtins

from tsmon.serving.errors import BadHome
from tsmon.serving.owner import Owner
from tsmon.torchserve.addresses import Addresses
from tsmon.units import MIB
from tsmon.untrusted.files import read_text
from tsmon.untrusted.json import parse_json
from tsmon.untrusted.private import write_private
from tsmon.untrusted.shape import shaped

_PATHS = ("key_file", "temp_dir", "model_store")


class ServerRecord(Struct, frozen=True, kw_only=True):
    """A server that we started.

    Attributes:
        pid: of its Java process; None until that is known, and in a container.
        temp_dir: made for this start alone; its processes are found again by it. None in a
            container.
        container: the name of the container it is in; empty if it is in none.
        container_id: likewise, and no other container's ever.
        inference: address such as `http://127.0.0.1:8080`.
        management: likewise.
        metrics: likewise.
        key_file: the tokens; None when the server asks for none.
        started_at: seconds since the epoch.
        version: of TorchServe.
        ready: whether it has answered.
        owner: the tsmon that stops it when that ends; None when it stays. Until it is ready, that
            which starts it.
    """

    pid: int | None = None
    temp_dir: Path | None = None
    container: str = ""
    container_id: str = ""
    inference: str
    management: str
    metrics: str
    model_store: Path
    key_file: Path | None
    started_at: float
    version: str
    ready: bool = False
    owner: Owner | None = None

    @property
    def addresses(self) -> Addresses:
        """The three of them."""
        return Addresses(self.inference, self.management, self.metrics)

    @property
    def orphaned(self) -> bool:
        """Whether the tsmon that was to stop it is gone, as after a kill."""
        return self.owner is not None and not self.owner.lives

    def save(self, path: Path) -> None:
        """Write it to *path*, in one step."""
        write_private(path, json.dumps(to_builtins(self, enc_hook=str), indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """The record at *path*; None if there is none.

        Raises:
            BadHome: it is not a record of ours.
        """
        try:
            raw = parse_json(read_text(path, MIB))
            paths = {name: Path(raw[name]) if raw[name] else None for name in _PATHS}
            owner = shaped(Owner, raw["owner"]) if raw.get("owner") else None
            return shaped(cls, raw | paths | {"owner": owner})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadHome(
                f"Cannot read {path}: {error}",
                "Make sure that no TorchServe is running from there, then delete the file",
            ) from error
