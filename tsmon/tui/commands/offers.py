"""The commands that there are on a screen: found by name, completed while one types."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from tsmon.torchserve.errors import InvalidArgument

if TYPE_CHECKING:
    from tsmon.tui.commands.command import Command
    from tsmon.tui.keymap import Key
    from tsmon.tui.monitor.screen import MonitorScreen

T = TypeVar("T")
VERSION_NAMED = "[MODEL [VERSION]]"
"""The arguments of an action about the selected version."""
RunCommand = Callable[[str], Awaitable[object] | None]


def _nothing() -> Sequence[str]:
    return ()


class Offer(Struct, frozen=True):
    """A command as it can be typed here and now."""

    name: str
    help: str
    run: RunCommand
    """Does it, with what was typed after the name."""
    arguments: str = ""
    title: str = ""
    """What the palette shows in place of the name."""
    label: str = ""
    """Another name."""
    choices: Callable[[], Sequence[str]] = _nothing
    """The arguments that there are."""

    @property
    def names(self) -> tuple[str, ...]:
        """All that it is called."""
        return (self.name, self.label) if self.label else (self.name,)

    @property
    def other_name(self) -> str:
        """The label, where the name does not end with it."""
        return "" if self.name.endswith(f".{self.label}") else self.label


class Completion(Struct, frozen=True):
    """A line that what was typed can become."""

    line: str
    words: str = ""
    """What is to be typed after it, or what it is called besides."""
    help: str = ""


def offer_command(command: Command, screen: MonitorScreen) -> Offer:
    """A command of the table on the monitor; it is refused when the key like it is."""

    def run(text: str) -> None:
        if command.like:
            screen.check(command.like)
        command.run(screen, text)

    return Offer(
        command.name,
        command.help,
        run,
        command.arguments,
        choices=lambda: command.choices(screen),
    )


def offer_key(
    key: Key,
    run: RunCommand,
    wording: Key | None = None,
    choices: Callable[[], Sequence[str]] = _nothing,
) -> Offer:
    """An action of the key table, with its key as it is in force.

    `wording` has the words that fit now. The palette shows them; the name to type stays. `choices`
    are the versions that can be named where it is about one.
    """
    wording = wording or key
    title = f"{key.group}: {wording.label} ({key.shown})"
    label = re.sub(r"[^a-z0-9]+", "-", key.label.lower()).strip("-")
    arguments = VERSION_NAMED if key.of_version else ""
    return Offer(key.id, wording.help, run, arguments, title, label, choices)


def split(line: str) -> tuple[str, str]:
    """The command's name and its arguments."""
    name, _, argument = line.strip().partition(" ")
    return name, " ".join(argument.split())


def find(name: str, offers: Iterable[Offer]) -> Offer:
    """The command of a name, of a label that only one has, or of the beginning of only one.

    Raises:
        InvalidArgument: none or several are meant.
    """
    offers = list(offers)
    for fits in (
        [offer for offer in offers if offer.name == name],
        [offer for offer in offers if offer.label == name],
        [offer for offer in offers if any(each.startswith(name) for each in offer.names)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            some = ", ".join(offer.name for offer in fits[:5])
            raise InvalidArgument(f"{name} matches several commands", f"such as {some}")
    names = {each: offer.name for offer in offers for each in offer.names}
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {names[near[0]]}?" if near else "tab lists the commands"
    raise InvalidArgument(f"there is no command {name}", hint)


def complete(line: str, offers: Sequence[Offer]) -> list[Completion]:
    """What a line can become, the likeliest first."""
    name, space, argument = line.lstrip().partition(" ")
    if not space:
        return [
            Completion(
                f"{offer.name} " if offer.arguments else offer.name,
                offer.arguments or (f"or {offer.other_name}" if offer.other_name else ""),
                offer.help,
            )
            for offer in _fitting(name, offers, lambda offer: offer.names)
        ]
    offer = next((offer for offer in offers if name in offer.names), None)
    if offer is None:
        return []
    wanted = argument.lstrip()
    choices = _fitting(wanted, offer.choices(), lambda choice: (choice,))
    return [Completion(f"{name} {choice}") for choice in choices]


def _fitting(text: str, items: Sequence[T], names: Callable[[T], Iterable[str]]) -> list[T]:
    """Those with a name that begins with a text, then those with a name that has the letters."""
    text = text.casefold()

    def rank(item: T) -> int:
        folded = [name.casefold() for name in names(item)]
        if any(name.startswith(text) for name in folded):
            return 0
        return 1 if len(text) > 1 and any(text in name for name in folded) else 2

    ranked = [(rank(item), item) for item in items]
    return [item for wanted in (0, 1) for found, item in ranked if found == wanted]
