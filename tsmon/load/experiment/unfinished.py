"""Notes of experiments under way, by which a later tsmon finds those that were killed.

A note says how the model was before the first change. It is written before that, and removed when
the model is put back; a kill in between leaves it, and the model as the experiment had it.
"""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from tsmon.load.experiment.subject import Subject
from tsmon.serving.home import Home
from tsmon.serving.owner import Owner
from tsmon.torchserve.errors import TorchServeError
from tsmon.torchserve.records import ModelVersion, parse_versions
from tsmon.units import MIB
from tsmon.untrusted.files import read_text
from tsmon.untrusted.json import parse_json
from tsmon.untrusted.shape import shaped

if TYPE_CHECKING:
    from tsmon.torchserve.management import Management


class Unfinished(Struct, frozen=True, kw_only=True):
    """An experiment that has not put its model back yet."""

    server: str
    """The management address without its scheme."""
    model: str
    version: str
    workers: int
    """How many there were before."""
    found: dict[str, Any]
    """What describe said of the version before."""
    default: str
    others: tuple[str, ...]
    registers: bool
    """Whether it unregisters the version, to register it again."""
    time: str
    owner: Owner
    path: Path = Path()

    @classmethod
    def of(cls, subject: Subject, server: str, *, registers: bool) -> Unfinished:
        """The note of an experiment of this process on a model as it is now."""
        found = subject.found
        return cls(
            server=server,
            model=found.name,
            version=found.version,
            workers=len(found.workers),
            found=dict(found.raw),
            default=subject.default,
            others=subject.others,
            registers=registers,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            owner=Owner.me(),
        )

    @property
    def abandoned(self) -> bool:
        """Whether no one is going to put the model back."""
        return not self.owner.lives

    @property
    def words(self) -> str:
        """What it left, for a person."""
        workers = f"{self.workers} worker{'s' * (self.workers != 1)}"
        return (
            f"an experiment with {self.model} {self.version} was killed before it restored the "
            f"model; it had {workers}"
        )

    def is_as_before(self, now: ModelVersion) -> bool:
        """Whether someone has put the version back already."""
        (before,) = parse_versions([self.found])
        return _shape(now) == _shape(before)

    def subject(self, management: Management) -> Subject:
        """The model, to be put back."""
        (found,) = parse_versions([self.found])
        moved = self.registers and bool(self.others) and self.default == found.version
        return Subject(management, found, self.default, self.others, self.registers, moved)

    def keep(self, home: Path | None = None) -> Unfinished:
        """Write it, in one step; gives it with its path.

        Raises:
            OSError: it cannot be written.
        """
        folder = _folder(home)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = re.sub(r"[^\w.-]", "_", f"{self.server}-{self.model}")[:100]
        path = folder / f"{name}-{secrets.token_hex(4)}.json"
        new = path.with_suffix(".new")
        record = to_builtins(self, enc_hook=str)
        del record["path"]
        new.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        new.replace(path)
        return replace(self, path=path)

    def drop(self) -> None:
        """Remove it: the model is as it was."""
        self.path.unlink(missing_ok=True)


def abandoned_on(server: str, home: Path | None = None) -> list[Unfinished]:
    """The experiments on a server that were killed, the newest first.

    `server` is the management address without its scheme. Files that are no notes are left out.
    """
    notes = [note for path in _folder(home).glob("*.json") if (note := _read(path))]
    found = [note for note in notes if note.server == server and note.abandoned]
    return sorted(found, key=lambda note: note.time, reverse=True)


def _shape(version: ModelVersion) -> tuple[int | None, ...]:
    limits = version.min_workers, version.max_workers
    return len(version.workers), *limits, version.batch_size, version.max_batch_delay_ms


def _read(path: Path) -> Unfinished | None:
    try:
        values = parse_json(read_text(path, MIB))
        values |= {
            "others": tuple(values["others"]),
            "owner": shaped(Owner, values["owner"]),
            "path": path,
        }
        note = shaped(Unfinished, values)
        (found,) = parse_versions([note.found])
    except (OSError, ValueError, TypeError, LookupError, AttributeError, TorchServeError):
        return None
    return None if found.unread else note


def _folder(home: Path | None) -> Path:
    return Home.at(home).unfinished
