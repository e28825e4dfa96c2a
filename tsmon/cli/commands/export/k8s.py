"""The command that writes Kubernetes manifests."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.exporting import folder_argument, force_option, image_option, report, rule_options
from tsmon.cli.options import as_json
from tsmon.export.kubernetes import ClusterPlan, kubernetes_files
from tsmon.export.prometheus import Plan
from tsmon.untrusted.shell import shell_word


@click.command()
@folder_argument
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("mnist",),
    show_default=True,
    metavar="NAME",
    help="A model to load from NAME.mar, and to scale by its queue time.",
)
@click.option("--namespace", default="torchserve", show_default=True, help="Its namespace.")
@click.option(
    "--max-pods",
    default=4,
    show_default=True,
    type=click.IntRange(1),
    help="Most pods to scale to.",
)
@click.option(
    "--prometheus",
    default="http://prometheus-operated.monitoring.svc:9090",
    show_default=True,
    metavar="URL",
    help="Prometheus as the cluster reaches it.",
)
@image_option
@rule_options
@force_option
@as_json
def k8s(
    folder: Path,
    models: tuple[str, ...],
    namespace: str,
    max_pods: int,
    prometheus: str,
    image: str,
    interval_s: int,
    p95_ms: float,
    force: bool,
    as_json: bool,
) -> None:
    """Write Kubernetes manifests: TorchServe with the exporter, ServiceMonitor, rules, scaling.

    Pods are scaled by the time that requests queue, by KEDA or by an HPA.
    """
    plan = ClusterPlan(
        models=models,
        namespace=namespace,
        image=image,
        most_pods=max_pods,
        prometheus=prometheus,
        rules=Plan(targets=(), exporters=(), interval_s=interval_s, p95_ms=p95_ms),
    )
    archives = ", ".join(f"{model}.mar" for model in models)
    steps = (
        f"kubectl create namespace {shell_word(namespace)}",
        f"# put {archives} into the volume of the claim model-store, and {image} into a registry",
        "kubectl apply -k DIR",
        "kubectl apply -f DIR/keda.yaml",
    )
    report(folder, kubernetes_files(plan), steps, force=force, as_json=as_json)
