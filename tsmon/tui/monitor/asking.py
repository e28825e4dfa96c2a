"""Asking a person before a change, and asking again where what was asked about has changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.tui.monitor.presence import Refused
from tsmon.tui.text.notes import Note
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus
    from tsmon.torchserve.management import Management
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.screens.above import Result
    from tsmon.tui.screens.confirm import Confirm
    from tsmon.tui.screens.dialog import Dialog


class AskedAbout(Struct, frozen=True):
    """What a question about a version rests on."""

    workers: int
    """That it has, or will have when the change under way is done."""
    serves: bool
    is_default: bool
    url: str
    """Its archive: another one is another model under the same name."""


class Still:
    """What was so when a question was asked, to be compared with what is when it is answered."""

    def __init__(self, host: MonitorScreen, id_: str, keys: Iterable[ModelKey]) -> None:
        """`id_` is the action, `keys` are the versions that it changes."""
        self._host = host
        self._id = id_
        self._session = host.session
        self._lives = host.session.monitor.latest.server.lives
        self._facts = {key: self._look(key) for key in keys}
        self.difference: str | None = None
        """What had changed when it was last checked; empty for nothing, None before."""

    def check(self) -> None:
        """Look whether all is as it was.

        Raises:
            Outdated: it is not; `difference` says what changed.
            Refused: the action is not possible any more.
        """
        from tsmon.tui.screens.confirm import Outdated

        self._host.check(self._id)
        self.difference = self._differs()
        if self.difference:
            raise Outdated(self.difference)

    def _differs(self) -> str:
        if self._host.session is not self._session:
            return "another server is watched"
        if self._host.session.monitor.latest.server.lives != self._lives:
            return "the server was restarted"
        changes = (_changed(key, was, self._look(key)) for key, was in self._facts.items())
        return next(filter(None, changes), "")

    def _look(self, key: ModelKey) -> AskedAbout | None:
        model = self._host.session.monitor.latest.model(key)
        if model is None or model.gone:
            return None
        planned = self._host.rollouts.planned(model)
        return AskedAbout(planned, model.ready > 0, model.is_default, model.described.url)


async def answered(
    host: MonitorScreen,
    id_: str,
    keys: Iterable[ModelKey],
    dialog: Callable[[Still], Awaitable[Dialog[Result]]],
) -> Result | None:
    """The answer to a question about versions as they are; None without one.

    Where they, the server or what may be lost changed before the answer, that is said and it is
    asked again. A dialog that does the work itself calls `Still.check` just before.

    Raises:
        Refused: the action is not possible any more.
    """
    from tsmon.tui.screens.confirm import Outdated

    keys, news = list(keys), None
    while True:
        still = Still(host, id_, keys)
        question = await dialog(still)
        question.news = news
        result = await host.talk.push_wait(question)
        if result is None or result is False:
            if not still.difference:
                return None
        elif still.difference is None:
            with suppress(Outdated):
                still.check()
        if not still.difference:
            return result
        news = Note(f"nothing was changed: {still.difference}")


async def ask_default(host: MonitorScreen, id_: str, key: ModelKey, management: Management) -> bool:
    """Make a version the default one, after a question; whether it was done.

    Raises:
        Refused: the version is gone.
    """
    from tsmon.tui.screens.confirm import Confirm
    from tsmon.tui.screens.questions import about_default

    async def dialog(still: Still) -> Confirm:
        model = present(host, key)
        before = next((each for each in versions_beside(host, key) if each.is_default), None)

        async def set_default() -> None:
            still.check()
            await management.set_default(key.name, key.version)

        return Confirm(about_default(model, before), set_default)

    return await answered(host, id_, [key], dialog) is True


def present(host: MonitorScreen, key: ModelKey) -> ModelStatus:
    """A version as it is now.

    Raises:
        Refused: it is gone.
    """
    model = host.session.monitor.latest.model(key)
    if model is None or model.gone:
        raise Refused(f"{key} is gone", "{model.register} registers it again")
    return model


def versions_beside(host: MonitorScreen, key: ModelKey) -> list[ModelStatus]:
    """The other versions of a model."""
    return [
        other
        for other in host.session.monitor.latest.models
        if other.key.name == key.name and other.key != key and not other.gone
    ]


def _changed(key: ModelKey, was: AskedAbout | None, now: AskedAbout | None) -> str:
    if was == now:
        return ""
    if now is None:
        return f"{key} is gone"
    if was is None:
        return f"{key} was registered"
    if was.workers != now.workers:
        return f"{key} has {plural(now.workers, 'worker')} now, not {was.workers}"
    if was.serves != now.serves:
        return f"{key} {'serves now' if now.serves else 'no longer serves'}"
    if was.is_default != now.is_default:
        return f"{key} is {'now' if now.is_default else 'no longer'} the default version"
    return f"{key} was registered again"
