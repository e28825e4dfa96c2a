"""The archive verb: packages a model with torch-model-archiver."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.console import talk
from tsmon.cli.options import as_json
from tsmon.cli.output import emit, emit_json
from tsmon.serving.archive import ArchiveSpec, build_archive, digit_archive_spec
from tsmon.serving.model_store import read_archive
from tsmon.units import byte_size

_FILE = click.Path(path_type=Path)


@click.command()
@click.option("--model-name", default="mnist", show_default=True)
@click.option("--version", "-v", default="1.0", show_default=True)
@click.option("--model-file", type=_FILE, help="Python file with the network class.")
@click.option("--serialized-file", type=_FILE, help="Weights, or a TorchScript model.")
@click.option("--handler", help="Python file, or the name of a TorchServe handler.")
@click.option("--extra-files", type=_FILE, multiple=True, help="Can be repeated.")
@click.option("--requirements-file", type=_FILE)
@click.option("--config-file", type=_FILE, help="The model's YAML configuration.")
@click.option(
    "--export-path", default=Path("artifacts"), show_default=True, type=_FILE, help="A folder."
)
@click.option("--force", "-f", is_flag=True, help="Overwrite an existing archive.")
@as_json
def archive(
    model_name: str,
    version: str,
    model_file: Path | None,
    serialized_file: Path | None,
    handler: str | None,
    extra_files: tuple[Path, ...],
    requirements_file: Path | None,
    config_file: Path | None,
    export_path: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Package a model into an archive (.mar); without a handler, the digit model of tsmon."""
    if handler is None:
        given = (model_file, serialized_file, requirements_file, config_file, *extra_files)
        if any(given):
            raise click.UsageError("your own model also needs --handler")
        spec = digit_archive_spec(export_path, version=version, model_name=model_name, force=force)
    else:
        spec = ArchiveSpec(
            model_name=model_name,
            version=version,
            model_file=model_file,
            serialized_file=serialized_file,
            handler=Path(handler) if Path(handler).suffix == ".py" else handler,
            extra_files=extra_files,
            requirements_file=requirements_file,
            config_file=config_file,
            export_path=export_path,
            force=force,
        )
    with talk.status(f"archiving {model_name} {version}…"):
        path = build_archive(spec)
    info = read_archive(path)
    if as_json:
        emit_json(
            {
                "archive": str(path),
                "model_name": info.model_name,
                "version": info.version,
                "handler": info.handler,
                "bytes": info.size,
            }
        )
    else:
        emit(f"{path}  {info.model_name} {info.version}  {byte_size(info.size)}")
