"""Certificates of a https server, good and bad, by the `openssl` command."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

_SETTINGS = """
[ca]
default_ca = own
[own]
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""
_GOOD = ("20200101000000Z", "20991231000000Z", "IP:127.0.0.1")
_KINDS = {
    "good": _GOOD,
    "expired": ("20200101000000Z", "20200201000000Z", "IP:127.0.0.1"),
    "other host": ("20200101000000Z", "20991231000000Z", "DNS:elsewhere.example"),
}


def make_certificates(folder: Path) -> tuple[dict[str, ssl.SSLContext], Path]:
    """A context of each kind for a server, and the file of the authority behind all but one."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    (folder / "settings").write_text(_SETTINGS)
    _self_signed(folder, "authority")
    contexts = {"self-signed": _context(folder, _self_signed(folder, "self-signed"))}
    for kind, (begins, ends, name) in _KINDS.items():
        contexts[kind] = _context(folder, _signed(folder, kind, begins, ends, name))
    return contexts, folder / "authority.pem"


def _self_signed(folder: Path, name: str) -> str:
    key = ("-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    subject = ("-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1000")
    _openssl(folder, "req", "-x509", *key, *subject)
    return name


def _signed(folder: Path, name: str, begins: str, ends: str, host: str) -> str:
    key = ("-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    subject = ("-subj", f"/CN={name}", "-addext", f"subjectAltName={host}")
    _openssl(folder, "req", "-new", *key, *subject)
    files = ("-in", f"{name}.csr", "-out", f"{name}.pem")
    by = ("-config", "settings", "-cert", "authority.pem", "-keyfile", "authority.key")
    _openssl(folder, "ca", "-batch", "-notext", *by, "-startdate", begins, "-enddate", ends, *files)
    return name


def _context(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def _openssl(folder: Path, *args: str) -> None:
    subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)
