"""The registration that makes a version again what describe says it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.torchserve.management import Registration

if TYPE_CHECKING:
    from tsmon.torchserve.records import ModelVersion


def registration_like(found: ModelVersion, url: str | None = None) -> Registration:
    """Registers `url`, by default the version's own archive, with the settings of a version.

    Describe does not name the handler; an archive's own is used.
    """
    return Registration(
        url=url or found.url,
        model_name=found.name,
        batch_size=found.batch_size,
        max_batch_delay=found.max_batch_delay_ms,
        initial_workers=found.min_workers,
        response_timeout=found.response_timeout_s or None,
        startup_timeout=found.startup_timeout_s or None,
    )
