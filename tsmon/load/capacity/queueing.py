"""How long requests wait for one of c workers.

Requests arrive at random (a Poisson process of `rate` per second) and wait in one queue, first come
first served, as in TorchServe's job queue of a model version with batch size 1. With exponential
service times and no worker slowing another this is the M/M/c queue of A. K. Erlang (1917). Here the
service time may depend on how many workers are busy, since they share the processor's cores: a
birth-death process (Gross and Harris, Fundamentals of Queueing Theory, chapter 2), of which M/M/c
is the special case of equal times. Both have the same tail: of the requests that wait, a share of
exp(-(c μ - λ) t) waits longer than t.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

from msgspec import Struct

from tsmon.load.capacity.service_time import ServiceTime, crossing


def erlang_c(servers: int, offered: float) -> float:
    """Probability that a request waits, of M/M/c; `offered` is λ/μ in erlangs.

    Erlang's second formula, from his first by B(c) = a B(c-1) / (c + a B(c-1)), which overflows
    for no number of servers. 1 when the load is not below the number of servers.
    """
    if offered >= servers:
        return 1.0
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = offered * blocked / (n + offered * blocked)
    return servers * blocked / (servers - offered * (1 - blocked))


class Utilization(Struct, frozen=True):
    """How busy c workers are in the long run."""

    waiting: float
    """Probability that a request finds every worker busy and waits; 1 when there is no long run."""
    mean: float
    """Workers busy on average."""


def busy_workers(rate: float, service_ms: Sequence[float]) -> Utilization:
    """The birth-death process in which k busy workers take `service_ms[k - 1]` for a request each.

    Beyond the last entry requests wait, and all workers stay busy. `rate` is per second.
    """
    servers = len(service_ms)
    utilisation = rate * service_ms[-1] / 1000 / servers
    if utilisation >= 1:
        return Utilization(1.0, float(servers))
    if min(service_ms) == max(service_ms):
        return Utilization(erlang_c(servers, utilisation * servers), utilisation * servers)
    steps = (rate * time_ms / 1000 / k for k, time_ms in enumerate(service_ms, 1))
    # Logarithms, since the weights of thousands of erlangs fit no double.
    logs = list(accumulate((math.log(step) if step else -math.inf for step in steps), initial=0.0))
    weights = [math.exp(each - max(logs)) for each in logs]
    all_busy = weights[-1] / (1 - utilisation)
    total = sum(weights[:-1]) + all_busy
    mean = sum(k * weight for k, weight in enumerate(weights[:-1])) + servers * all_busy
    return Utilization(all_busy / total, mean / total)


def variability(arrivals: float, service: float) -> float:
    """By how much waits differ from those of exponential times.

    (Ca² + Cs²) / 2 of the squared coefficients of variation of the times between arrivals and of
    the service times: Allen and Cunneen's approximation for G/G/c (1978); with random arrivals,
    Ca² = 1, it is Lee and Longton's for M/G/c (1959) and, for one worker, exact (Pollaczek 1930,
    Khinchine 1932).
    """
    return (arrivals + service) / 2


class Queue(Struct, frozen=True):
    """Waits and response times of a queue in its long run, in milliseconds."""

    waiting: float
    """Probability that a request waits at all."""
    mean_wait_ms: float
    """Of all requests, those that do not wait included."""
    service: ServiceTime
    utilisation: float
    """Share of the workers that is busy, 0 to 1."""
    offered: float = 0.0
    """Workers that would be busy on average if none slowed another, in erlangs."""
    filling_ms: float = 0.0
    """What every request waits beside this for its batch to fill."""

    def waits_longer(self, time_ms: float) -> float:
        """P(W > t) = C exp(-t C / mean wait), which for M/M/c is C exp(-(c μ - λ) t)."""
        if not self.mean_wait_ms:
            return 0.0
        return self.waiting * math.exp(-time_ms * self.waiting / self.mean_wait_ms)

    def wait_quantile(self, share: float) -> float:
        """The wait that a `share` of the requests (0 to 1) does not exceed; 0 if they do not wait.

        The inverse of `waits_longer`.
        """
        if 1 - share >= self.waiting:
            return 0.0
        return self.mean_wait_ms / self.waiting * math.log(self.waiting / (1 - share))

    def response_quantile(self, share: float) -> float:
        """The wait and service time together that a `share` of the requests does not exceed."""
        longest = self.wait_quantile((1 + share) / 2) + self.service.quantile((1 + share) / 2)
        return crossing(self.responds_later, 1 - share, 0.0, longest)

    def responds_later(self, time_ms: float) -> float:
        """P(W + S > t), with W and S independent as they are for first come first served."""
        if not self.mean_wait_ms:
            return self.service.exceeds(time_ms)
        later = self.service.plus_exponential_exceeds(self.mean_wait_ms / self.waiting, time_ms)
        return self.waiting * later + (1 - self.waiting) * self.service.exceeds(time_ms)


def queue_of(
    rate: float, service_ms: Sequence[float], scv: float = 1.0, arrivals_scv: float = 1.0
) -> Queue | None:
    """The queue before as many workers as `service_ms` has entries; None where it only grows.

    Args:
        rate: requests per second.
        service_ms: of one request by the number of busy workers, from 1 on.
        scv: squared coefficient of variation of the service time.
        arrivals_scv: the same of the times between arrivals, 1 when they are random.
    """
    busy = busy_workers(rate, service_ms)
    servers = len(service_ms)
    decay = servers / service_ms[-1] - rate / 1000
    if decay <= 0:
        return None
    mean_service = busy.mean / rate * 1000 if rate else service_ms[0]
    return Queue(
        busy.waiting,
        busy.waiting / decay * variability(arrivals_scv, scv),
        ServiceTime(mean_service, scv),
        busy.mean / servers,
        rate * service_ms[0] / 1000,
    )
