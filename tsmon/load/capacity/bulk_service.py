"""How long requests wait for workers that take several at once.

TorchServe hands a free worker what waits, up to the batch size. With requests that arrive at random
this is the queue with bulk service of Bailey (1954), whose rule of how many are taken is the one of
Neuts (1967) from one request on; Chaudhry and Templeton, A First Course in Bulk Queues (1983), and
Neuts (1979) treat it. The time for a batch depends on its size, and is gamma distributed with the
variability that is measured.

For one worker it is solved exactly: the number that waits when a batch is done is a Markov chain,
whose probability generating function has as many unknowns as a batch has places, and as many
equations from its zeros in the unit disc. Several workers are taken for one that is so many times
as fast, and the waits corrected for how much rarer it is that all are busy, by Erlang C. For
batches of one this is the approximation of Lee and Longton (1959) for M/G/c.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from itertools import accumulate

from msgspec import Struct

MOST_TAKEN = 64
"""Larger batches are not reckoned with: the equations grow with the cube of it."""
_STEPS = 100
_CLOSE = 1e-13
_FIRST_STEPS = 5
_SMALL = 1e-6


class BulkWait(Struct, frozen=True):
    """What one worker's queue with bulk service does in the long run; milliseconds."""

    mean_wait_ms: float
    """Of all requests."""
    busy: float
    """Probability that a request finds the worker at work, or waiting for a batch to fill."""
    filling_ms: float
    """How long a worker that was idle waits on average for its batch to fill."""
    firsts: tuple[float, ...]
    """Shares of the requests that find it idle which are then in a batch of 1, 2 … requests."""
    others: tuple[float, ...]
    """The same of the requests that find it busy."""


def bulk_wait(
    rate: float, batch_ms: Sequence[float], scv: float, delay_ms: float = 0.0
) -> BulkWait | None:
    """The queue before one worker; None where it only grows.

    Args:
        rate: requests per second, above 0.
        batch_ms: time for a batch of 1, 2 … requests; as many as are taken at once at most.
        scv: squared coefficient of variation of the time for a batch of any one size.
        delay_ms: how long a worker waits for the batch to fill once it has a request.
    """
    most = len(batch_ms)
    if rate / 1000 * batch_ms[-1] >= most:
        return None
    return _Chain(rate / 1000, tuple(batch_ms), scv, delay_ms).solved()


class _Chain(Struct, frozen=True):
    """The number that waits when a batch is done; `rate` is per millisecond."""

    rate: float
    batch_ms: tuple[float, ...]
    scv: float
    delay_ms: float

    @property
    def most(self) -> int:
        return len(self.batch_ms)

    def solved(self) -> BulkWait:
        """The mean wait from the mean queue of a cycle, by Little's law."""
        most, full = self.most, self.batch_ms[-1]
        left = self._left_behind()
        over = max(1 - sum(left), 0.0)
        beyond = self._mean_left(left) - sum(i * share for i, share in enumerate(left))
        cycle = over * full + left[0] / self.rate
        queued = (beyond - over * most) * full + over * self._arriving(most)
        taken = [0.0] * most
        taken[-1] = over * most
        for i, share in enumerate(left):
            sizes = self._sizes(i)
            cycle += share * (self._filling(i) + self._mean(sizes))
            queued += share * (self._queued_filling(i) + sum(
                chance * self._arriving(size) for size, chance in sizes.items()
            ))  # fmt: skip
            for size, chance in sizes.items():
                # The first of a cycle that begins idle finds no one at work.
                taken[size - 1] += share * chance * (size - (i == 0))
        firsts = tuple(self._sizes(0).get(size, 0.0) for size in range(1, most + 1))
        others = sum(taken)
        return BulkWait(
            max(queued / cycle / self.rate, 0.0),
            1 - left[0] / self.rate / cycle,
            self._filling(0),
            firsts,
            tuple(each / others for each in taken) if others else firsts,
        )

    def _left_behind(self) -> list[float]:
        """Probabilities that 0, 1 … up to one less than a batch has places are left behind."""
        most = self.most
        rows, wanted = [], []
        for number in range(1, most):
            root = self._root(cmath.exp(2j * math.pi * number / most))
            rows.append([self._after(i, root) - root**i for i in range(most)])
            wanted.append(0j)
        offered = self.rate * self.batch_ms[-1]
        rows.append([
            complex(most - i + self.rate * self._mean(self._sizes(i)) - offered)
            for i in range(most)
        ])  # fmt: skip
        wanted.append(complex(most - offered))
        return [max(each.real, 0.0) for each in _solved(rows, wanted)]

    def _root(self, unit: complex) -> complex:
        """The zero of z^b - A_b(z) that belongs to this root of unity, by Newton's method."""
        z = 0j
        for step in range(_STEPS):
            base = 1 + self.scv * self.batch_ms[-1] * self.rate * (1 - z)
            value = unit * self._arrivals(self.most, z, 1 / self.most)
            slope = value * self.rate * self.batch_ms[-1] / self.most / base
            better = value if step < _FIRST_STEPS else z - (z - value) / (1 - slope)
            if abs(better - z) < _CLOSE:
                break
            z = better
        return z

    def _arrivals(self, size: int, z: complex, power: float = 1.0) -> complex:
        """Generating function of the arrivals while a batch is worked on, to a power."""
        expected = self.batch_ms[size - 1] * self.rate * (1 - z)
        if self.scv * abs(expected) < _SMALL:  # log(1 + x) / x, which would lose its digits
            return cmath.exp(-expected * power * (1 - self.scv * expected / 2))
        return cmath.exp(-power / self.scv * cmath.log(1 + self.scv * expected))

    def _after(self, left: int, z: complex) -> complex:
        """Generating function of what the next batch leaves behind when so many were left."""
        return sum(
            (chance * self._arrivals(size, z) for size, chance in self._sizes(left).items()), 0j
        )

    def _sizes(self, left: int) -> dict[int, float]:
        """The sizes of the next batch, with their chances, when fewer than a batch were left."""
        first = max(left, 1)
        if not self.delay_ms:
            return {first: 1.0}
        chances = _poisson(self.rate * self.delay_ms, self.most - first)
        sizes = dict(enumerate(chances, first))
        return sizes | {self.most: 1 - sum(chances)}

    def _mean(self, sizes: dict[int, float]) -> float:
        return sum(chance * self.batch_ms[size - 1] for size, chance in sizes.items())

    def _mean_left(self, left: Sequence[float]) -> float:
        """Mean number left behind: the derivative of its generating function at 1."""
        most, rate = self.most, self.rate
        offered = rate * self.batch_ms[-1]
        square = rate**2 * self._square(most)
        second = 0.0
        for i, share in enumerate(left):
            sizes = self._sizes(i)
            squares = sum(chance * rate**2 * self._square(n) for n, chance in sizes.items())
            second += share * (
                most * (most - 1) + 2 * most * rate * self._mean(sizes) + squares
                - i * (i - 1) - 2 * i * offered - square
            )  # fmt: skip
        return (second - (most * (most - 1) - square)) / (2 * (most - offered))

    def _square(self, size: int) -> float:
        """Mean of the squared time for a batch of this size."""
        return self.batch_ms[size - 1] ** 2 * (1 + self.scv)

    def _arriving(self, size: int) -> float:
        """Those that arrive while a batch is worked on, times how long they wait for its end."""
        return self.rate * self._square(size) / 2

    def _filling(self, left: int) -> float:
        """Mean time until a batch is full or the delay is over."""
        return sum(self._stays(max(left, 1)))

    def _queued_filling(self, left: int) -> float:
        """Those that wait for it to fill, times how long."""
        first = max(left, 1)
        return sum(number * stay for number, stay in enumerate(self._stays(first), first))

    def _stays(self, first: int) -> list[float]:
        """Mean time for which `first`, and one more each, wait for more: P(N > n) / rate."""
        if not self.delay_ms:
            return []
        chances = _poisson(self.rate * self.delay_ms, self.most - first)
        return [(1 - below) / self.rate for below in accumulate(chances)]


def _poisson(mean: float, count: int) -> list[float]:
    """Probabilities of 0, 1 … arrivals, so many."""
    chances = [math.exp(-mean)]
    for n in range(1, count):
        chances.append(chances[-1] * mean / n)
    return chances[:count]


def _solved(rows: list[list[complex]], wanted: list[complex]) -> list[complex]:
    """The solution of linear equations, by Gauss with partial pivoting."""
    size = len(rows)
    table = [[*row, value] for row, value in zip(rows, wanted, strict=True)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(table[row][column]))
        table[column], table[pivot] = table[pivot], table[column]
        top = table[column]
        for row in table[column + 1 :]:
            factor = row[column] / top[column]
            for n in range(column, size + 1):
                row[n] -= factor * top[n]
    found = [0j] * size
    for column in reversed(range(size)):
        row = table[column]
        known = sum((row[n] * found[n] for n in range(column + 1, size)), 0j)
        found[column] = (row[size] - known) / row[column]
    return found
