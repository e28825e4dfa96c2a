"""What an experiment will do, in words for a person to agree to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.load.experiment.plan import ExperimentPlan
    from tsmon.load.experiment.subject import Subject


def experiment_outlook(plan: ExperimentPlan, subject: Subject) -> list[str]:
    """What will happen, for a person to agree to."""
    before, found = subject.before, subject.found
    counts = ", ".join(map(str, plan.worker_counts))
    lines = [
        f"{found.name} {found.version} goes from {plural(before.workers, 'worker')} to {counts} "
        f"and back, with {plan.load} each time, "
        f"after {plural(plan.warm_up, 'request')} per worker to warm up"
    ]
    if plan.registers:
        sizes = ", ".join(map(str, plan.batch_sizes or (before.batch_size,)))
        delays = ", ".join(map(str, plan.batch_delays_ms or (before.max_batch_delay_ms,)))
        lines.append(
            f"for batch size {sizes} and batch delay {delays} ms it is unregistered and registered "
            f"again from {found.url} each time; until then requests to it get a 404, and a handler "
            "given at registration is lost"
        )
        if subject.others and subject.default == found.version:
            lines.append(
                f"version {subject.others[0]} is the default during that time, {found.version} "
                "again at the end"
            )
        if "://" in found.url:
            lines.append("the server downloads the archive again each time")
    return lines
