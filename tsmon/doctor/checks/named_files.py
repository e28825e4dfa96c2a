"""Checks of the files that a config.properties names, and of its certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tsmon.doctor.checks.evidence import config_of
from tsmon.doctor.findings import Finding, error, note, ok, warning

if TYPE_CHECKING:
    from tsmon.doctor.facts import Facts

_ADDRESSES = ("inference_address", "management_address", "metrics_address")
_PAIR = ("private_key_file", "certificate_file")


def files(facts: Facts) -> Iterator[Finding]:
    """Whether the files and folders that settings name exist."""
    config = config_of(facts)
    # A file for another machine, or an image, may name what is there alone.
    runs_here = facts.machine.server is not None and facts.machine.server.files_here
    report = error if runs_here else note
    for key, path in config.missing.items():
        where = "" if runs_here else " on this machine"
        yield report(f"{key}: {path} does not exist{where}", str(config.path), f"correct {key}")
    if plugins := (config.settings or {}).get("plugins_path"):
        yield note(
            "plug-ins may change what the server answers, its health included",
            f"plugins_path={plugins} in {config.path}",
        )
    elif not config.missing:
        yield ok("the files that it names exist, as far as they are on this machine")


def certificates(facts: Facts) -> Iterator[Finding]:
    """Whether encrypted addresses have a certificate that clients can trust."""
    config = config_of(facts)
    settings = config.settings or {}
    encrypted = [key for key in _ADDRESSES if settings.get(key, "").lower().startswith("https:")]
    if not encrypted:
        yield ok("no address is encrypted, so no certificate is needed")
        return
    wrong = [*_wrong(settings, ", ".join(encrypted))]
    yield from wrong
    if not wrong:
        yield ok("the encrypted addresses have a certificate", ", ".join(encrypted))


def _wrong(settings: Mapping[str, str], encrypted: str) -> Iterator[Finding]:
    if "keystore" in settings:
        if "keystore_pass" not in settings:
            yield warning(
                "keystore has no keystore_pass, so TorchServe tries the password changeit",
                remedy="add keystore_pass, or use private_key_file and certificate_file",
            )
        return
    missing = [key for key in _PAIR if key not in settings]
    if missing:
        yield warning(
            "TorchServe makes a new self-signed certificate at every start",
            f"{encrypted} without {' and '.join(missing)}",
            f"set {' and '.join(_PAIR)}, and pass the authority's certificate with --ca-file",
        )
