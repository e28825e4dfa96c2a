"""What is watched: a server, a Prometheus that scrapes one, or a recording of one."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.playhead import Playhead
from tsmon.telemetry.staleness import patience_s
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.config.schema import ServerColor
    from tsmon.logs.places import LogPlace
    from tsmon.telemetry.history import History
    from tsmon.telemetry.limits.limit import Limit
    from tsmon.telemetry.past import Past
    from tsmon.telemetry.prometheus.client import LabelSet, Prometheus
    from tsmon.telemetry.recording.reader import Recording
    from tsmon.telemetry.series.kept import SeriesPast
    from tsmon.telemetry.snapshot import Snapshot
    from tsmon.telemetry.source import Source
    from tsmon.torchserve.client import TorchServe
    from tsmon.tui.text.notes import Note

RECALLED_S = 900.0
"""How much of what Prometheus has stored is read at the start."""


class Tag(Struct, frozen=True):
    """What the configuration says of a server to distinguish it from the others."""

    name: str = ""
    color: ServerColor = ""


class JobUnderWay(TorchServeError):
    """Something is under way that would be left behind."""


class OnlyWatched(TorchServeError):
    """Something was to be changed or sent where one can only watch."""


class Session(ABC):
    """A monitor, where one looks in its past, and what can be acted on."""

    word: ClassVar[str] = ""
    """Stands in the first line where this is not a server itself."""
    way_out: ClassVar[str] = ""
    """What to do to act on the server."""
    replays: ClassVar[bool] = False
    """Whether time passes as it was recorded."""

    def __init__(
        self,
        monitor: Monitor,
        tag: Tag = Tag(),
        *,
        past: Past | None = None,
        history: History | None = None,
        series: SeriesPast | None = None,
    ) -> None:
        """`past`, `history` and `series` are by default what the monitor has seen itself."""
        self.monitor = monitor
        self.tag = tag
        self.past = past or monitor.past
        self.history = history or monitor.history
        self.series = series or monitor.series
        self.playhead = Playhead(self.past, monitor.events)
        self.hold: Note | None = None
        """Why nothing is to be changed or sent for now; None when it may be."""
        self.log_zone: tzinfo | None = None
        """That of the log files' stamps if someone said so."""

    @property
    def client(self) -> TorchServe:
        """The server's client.

        Raises:
            OnlyWatched: there is none.
        """
        raise OnlyWatched(f"this is a {self.word}: nothing can be changed or sent", self.way_out)

    @property
    def can_act(self) -> bool:
        """Whether there is a server to send requests to."""
        return False

    @property
    def read_only(self) -> bool:
        """Whether everything that changes the server is refused."""
        return True

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        return False

    @property
    def warning(self) -> str:
        """What stands in the first line as long as it is so; empty where all is well."""
        return ""

    @property
    def token_expires(self) -> datetime | None:
        """When the first of the keys ends, if any with an end are in use."""
        return None

    @property
    def patience_s(self) -> float:
        """Seconds without an answer after which what is shown is stale."""
        return patience_s(self.monitor.period_s)

    @property
    def renews_tokens(self) -> bool:
        """Whether keys are renewed here before they end."""
        return False

    @property
    def can_renew_tokens(self) -> bool:
        """Whether the server can be asked for new keys here."""
        return False

    def pin(self, series: Sequence[str]) -> None:
        """Have these series in each snapshot from the next tick on."""
        self.monitor.watched.pinned = tuple(series)

    def hold_to(self, limits: Sequence[Limit]) -> None:
        """Hold the models to these limits from the next tick on."""
        self.monitor.limits.hold_to(limits)

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        """Publish snapshots until cancelled, or until there are no more.

        Raises:
            TorchServeError: the source cannot be read at all.
        """
        await self.monitor.run(publish)

    @abstractmethod
    async def close(self) -> None:
        """Let go of connections and files."""


class LiveSession(Session):
    """A server that answers itself."""

    def __init__(
        self,
        client: TorchServe,
        period_s: float = 1.0,
        source: Source | None = None,
        *,
        log_place: LogPlace | None = None,
        log_zone: tzinfo | None = None,
        tag: Tag = Tag(),
    ) -> None:
        """`source` is by default the server that `client` speaks to, its logs at `log_place`."""
        watched = source or LiveSource(client, log_place, log_zone)
        super().__init__(Monitor(watched, period_s=period_s), tag)
        self.log_zone = log_zone
        self._own_source = watched if source is None and isinstance(watched, LiveSource) else None
        self._client = client

    @property
    def client(self) -> TorchServe:
        """The server's client."""
        return self._client

    @property
    def can_act(self) -> bool:
        """Whether this is a server, to which requests can be sent."""
        return True

    @property
    def read_only(self) -> bool:
        """As the client was made."""
        return self._client.read_only

    @property
    def is_local(self) -> bool:
        """By its address."""
        return self._client.addresses.is_local

    @property
    def warning(self) -> str:
        """Whether a key is sent where others can read it, and what of the server is hidden."""
        client = self._client
        sent = any(map(client.keys.goes_to, client.addresses.unencrypted))
        words = ["keys sent unencrypted"] if client.keys.path and sent else []
        if client.management.shows_defaults_only:
            words.append("other versions hidden: one port")
        return ", ".join(words)

    @property
    def token_expires(self) -> datetime | None:
        """By the key file."""
        return min(self._client.keys.ends().values(), default=None)

    @property
    def renews_tokens(self) -> bool:
        """Those of a server that tsmon started."""
        return self._client.renewal.automatic

    @property
    def can_renew_tokens(self) -> bool:
        """By the API key."""
        return self._client.renewal.possible

    async def close(self) -> None:
        """Close the connections; requests under way get a moment."""
        if self._own_source is not None:
            await in_thread(self._own_source.close)
        await self._client.close()


class PrometheusSession(Session):
    """A server as a Prometheus knows it."""

    word = "Prometheus server"
    way_out = "open the TorchServe itself with --server"

    def __init__(self, client: Prometheus, instance: str, labels: LabelSet | None = None) -> None:
        from tsmon.telemetry.prometheus.source import PrometheusSource

        self._source = PrometheusSource(client, instance, labels)
        super().__init__(Monitor(self._source))
        self._client = client

    @property
    def patience_s(self) -> float:
        """By how often Prometheus scrapes it."""
        return patience_s(self._source.interval_s)

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        """First what is stored, then each new scrape."""
        for observation in await self._source.recall(RECALLED_S):
            publish(self.monitor.digest(observation))
        await super().run(publish)

    async def close(self) -> None:
        """Close the connections to Prometheus."""
        await self._client.close()


class ReplaySession(Session):
    """A recording, played as if it were now."""

    word = "recording"
    way_out = "open the server itself: tsmon --server URL"
    replays = True
    patience_s = math.inf

    def __init__(self, recording: Recording) -> None:
        from tsmon.telemetry.recording.replay import RecordedHistory, RecordedPast
        from tsmon.telemetry.recording.series import RecordedSeries

        self._recorded = RecordedPast(recording)
        super().__init__(
            Monitor(recording, remembers=False),
            past=self._recorded,
            history=RecordedHistory(recording),
            series=RecordedSeries(recording),
        )
        self.recording = recording
        self.progress = 0.0
        """How much of the recording was searched for events, 0 to 1."""

    def pin(self, series: Sequence[str]) -> None:
        """Have these series in each snapshot that is looked at from now on."""
        super().pin(series)
        self._recorded.pin(series)

    def hold_to(self, limits: Sequence[Limit]) -> None:
        """Hold the models to these limits, from the first tick on if it is not searched yet."""
        watch = LimitWatch(limits, remembers=True)
        self.monitor.limits = self._recorded.limits = watch
        self.recording.with_series = bool(watch.series)

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        """Publish the first tick, and the last one that was searched for events."""
        from tsmon.telemetry.recording.replay import find_events

        publish(self.past[0])
        async for progress in find_events(self.recording, self.monitor):
            self.progress = progress
            publish(self.monitor.latest)

    async def close(self) -> None:
        """Close the file."""
        self.recording.close()
