"""The options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

import click
from click.core import ParameterSource

from tsmon.cli.target import Target
from tsmon.config.schema import MonitorSettings, SymbolsName
from tsmon.logs.places import LogPlace, parse_log_place
from tsmon.torchserve.errors import InvalidArgument

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
version_option = click.option(
    "--model-version", "version", help="Version; by default the default version."
)


def _answer_path(_ctx: click.Context, _option: click.Parameter, path: str) -> str:
    """Where the class stands, if that can be a place."""
    if not path:
        return path
    from tsmon.load.classes import check_path

    return check_path(path)


answer_option = click.option(
    "--answer",
    "answer_path",
    metavar="PATH",
    default="",
    callback=_answer_path,
    help="Where the class is in an answer, such as predictions.0.class; found by default where "
    "it is clear.",
)
wait_option = click.option(
    "--wait/--no-wait", default=True, help="Wait until the workers are ready (the default)."
)


def server_options(command: F) -> F:
    """The options that choose the server; they may stand before and after a command's name.

    A command with these asks over HTTP alone, and says so where gRPC was asked for.
    """

    @wraps(command)
    def over_http(*args: Any, **kwargs: Any) -> Any:
        ctx = click.get_current_context()
        target = ctx.find_object(Target)
        _refuse_grpc(ctx, target)
        return command(*args, **kwargs)

    return server_and_grpc_options(cast(F, over_http))


def _refuse_grpc(ctx: click.Context, target: Target | None) -> None:
    if target is not None and ctx.invoked_subcommand is None and target.over_grpc:
        hint = "leave out --grpc, and give it an HTTP address"
        raise InvalidArgument(f"`{ctx.command_path}` does not work over gRPC", hint)


def own_server_options(command: F) -> F:
    """The options of a command about the server that `tsmon serve start` starts, and no other."""

    @wraps(command)
    def about_it(*args: Any, **kwargs: Any) -> Any:
        ctx = click.get_current_context()
        target = ctx.find_object(Target)
        if target is not None and (meaningless := sorted(target.given.keys() - {"--home"})):
            raise click.UsageError(
                f"{', '.join(meaningless)} cannot be used with `{ctx.command_path}`: it is about "
                "the server of this machine that --home names"
            )
        _refuse_grpc(ctx, target)
        return command(*args, **kwargs)

    wrapped = cast(F, about_it)
    for option in reversed(_OWN_SERVER_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def server_and_grpc_options(command: F) -> F:
    """The same for a command that works over gRPC too: its client is that of `Target.client`."""
    for option in reversed(_SERVER_OPTIONS):
        command = option(command)
    return command


def _remember(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    target = ctx.ensure_object(Target)
    if value is not None and parameter.name:
        setattr(target, parameter.name, value)
        source = ctx.get_parameter_source(parameter.name)
        if parameter.name == "server":
            target.server_by_file = source is ParameterSource.DEFAULT_MAP
        option = parameter.opts[0]
        if option in _REACHING and source is ParameterSource.COMMANDLINE:
            target.given[option] = (option,) if value is True else (option, str(value))


def _option(*names: str, help_: str, **settings: Any) -> Callable[[F], F]:
    return click.option(*names, help=help_, expose_value=False, callback=_remember, **settings)


def _log_place(text: str) -> LogPlace:
    try:
        return parse_log_place(text)
    except InvalidArgument as error:
        raise click.BadParameter(error.message) from None


_REACHING = frozenset(
    f"--{name}"
    for name in (
        *("server", "inference-url", "management-url", "metrics-url"),
        *("kube", "kube-context", "key-file", "ca-file", "insecure", "home"),
    )
)
_FILE = click.Path(path_type=Path, dir_okay=False)
_READ_ONLY = _option(
    "--read-only",
    is_flag=True,
    default=None,
    help_="Read-only: refuse any request that modifies the server.",
)
_HOME = _option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help_="Home folder of the server that `tsmon serve start` starts.",
)
_OWN_SERVER_OPTIONS = (_HOME, _READ_ONLY)
_SERVER_OPTIONS = (
    _option(
        "--server",
        metavar="NAME|URL",
        help_="A server name from the configuration, or the management address; inference is one "
        "port below it, metrics one above. Of a server on this machine any address will do.",
    ),
    _option("--inference-url", metavar="URL", help_="Inference address, if different."),
    _option("--management-url", metavar="URL", help_="Management address."),
    _option("--metrics-url", metavar="URL", help_="Metrics address."),
    _option(
        "--kube",
        metavar="NAMESPACE/SELECTOR",
        help_="A pod with these labels, forwarded with kubectl: serving/app=torchserve.",
    ),
    _option(
        "--kube-context", metavar="NAME", help_="With --kube: another context than the current one."
    ),
    _option("--key-file", type=_FILE, help_="The server's key_file.json, which holds its tokens."),
    _option("--ca-file", type=_FILE, help_="CA certificate file for an https server."),
    _option("--insecure", is_flag=True, default=None, help_="Do not verify https certificates."),
    _option(
        "--grpc",
        is_flag=True,
        default=None,
        help_="Use gRPC, at ports 7070 and 7071 or those of the server's settings; so does an "
        "address such as grpc://host:7071, with grpcs:// for TLS.",
    ),
    _READ_ONLY,
    _option(
        "--logs",
        type=_log_place,
        metavar="DIR|docker:CONTAINER",
        help_=(
            "The server's log folder, or docker:CONTAINER; a local server's is found automatically."
        ),
    ),
    _option(
        "--log-zone",
        metavar="ZONE",
        help_="Time zone of its log timestamps, such as UTC; detected by default.",
    ),
    _HOME,
)


_FOLDER = click.Path(path_type=Path, file_okay=False)
_DEFAULTS = MonitorSettings()
_MONITOR_OPTIONS = (
    click.option(
        "--period",
        default=_DEFAULTS.period,
        show_default=True,
        type=click.FloatRange(0.2),
        help="Seconds between polls.",
    ),
    click.option("--theme", help="Colour theme. [default: one that suits the terminal]"),
    click.option(
        "--symbols",
        type=click.Choice([name for name in get_args(SymbolsName) if name]),
        help="Characters used to draw charts; ascii applies to the whole screen. "
        "[default: braille, or ascii if the terminal supports nothing else]",
    ),
    click.option(
        "--span",
        default=_DEFAULTS.span,
        show_default=True,
        type=click.FloatRange(60),
        help="Seconds of history the charts show at first.",
    ),
    click.option(
        "--plain",
        is_flag=True,
        help="No full-screen display: one short line per tick, and the events.",
    ),
    click.option("--model-store", type=_FOLDER, help="Folder of archives to register."),
    click.option("--samples", type=_FOLDER, help="Folder of images to send."),
    click.option("--drawings", type=_FOLDER, help="Folder where drawn digits are saved."),
    click.option(
        "--record",
        "recording",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Also record to an SQLite file, as `tsmon record FILE` does.",
    ),
    click.option(
        "--prometheus",
        metavar="URL",
        help="Show the data a Prometheus server has about a TorchServe, including its history.",
    ),
    click.option("--instance", help="With --prometheus: which TorchServe, if there are several."),
    click.option("--job", help="With --prometheus: which job, if several scrape that instance."),
)


def monitor_options(command: F) -> F:
    """The options of the monitor."""
    for option in reversed(_MONITOR_OPTIONS):
        command = option(command)
    return command
