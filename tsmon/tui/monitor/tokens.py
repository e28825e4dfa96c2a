"""The server's tokens: another key file, new keys before the old ones end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.threads import in_thread
from tsmon.torchserve.tokens import read_key_file
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from tsmon.torchserve.addresses import Addresses

RENEW = "server.renew-tokens"


def _written_by(addresses: Addresses) -> Path | None:
    """The key file of the server of this machine that listens there."""
    from tsmon.serving.servers_here import RunningServer, server_listening

    server = server_listening(addresses.management, addresses.inference)
    return server.key_file if isinstance(server, RunningServer) else None


class Tokens(Capability):
    """Reads the keys from elsewhere, or has the server make others."""

    def actions(self) -> Handlers:
        """Its two keys."""
        return {
            "server.key-file": lambda: self.talk.ask(self._ask_key_file()),
            RENEW: lambda: self.talk.ask(self._renew()),
        }

    def allows(self, id_: str) -> bool:
        """New ones need the API key."""
        return id_ != RENEW or self.host.session.can_renew_tokens

    def why_not(self, id_: str) -> Note:
        """It is in the server's key file."""
        return Note(
            "issuing new tokens needs the API key, which is not known here",
            "{server.key-file} reads it from the server's key_file.json",
        )

    async def _ask_key_file(self) -> None:
        """Ask for a file; offered is the one that is read now, else the one the server wrote."""
        from tsmon.tui.screens.ask import AskPath

        words = "TorchServe writes key_file.json to the folder it was started in."
        client = self.host.session.client
        start = client.keys.path
        if start is None or client.keys.problem is not None:
            start = await in_thread(_written_by, client.addresses) or start
        self.talk.push(AskPath("Key file", words, start, self._use_key_file))

    async def _use_key_file(self, path: Path) -> None:
        from tsmon.fleet.access import owns_keys

        await in_thread(read_key_file, path)
        client = self.host.session.client
        client.keys.path, client.keys.owner = path, client.addresses
        client.keys.own = owns_keys(path, client.addresses)
        self.host.session.monitor.poke()

    async def _renew(self) -> None:
        from tsmon.tui.screens.confirm import Confirm
        from tsmon.tui.screens.questions import about_new_tokens

        client = self.host.session.client
        ends = client.keys.ends().values()
        valid = any(end > datetime.now(UTC) for end in ends)
        if valid and not await self.talk.push_wait(Confirm(about_new_tokens(client.keys.path))):
            return
        await client.renewal.renew()
        self.host.session.monitor.poke()
        self.talk.note(Note("the server issued new tokens"), bad=False)
