"""Kubernetes manifests: TorchServe with the exporter beside it, what scrapes and what scales it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from tsmon.export.compose import (
    CONFIG,
    TEMP,
    TORCHSERVE,
    exporter_command,
    log_variables,
    torchserve_properties,
)
from tsmon.export.files import ExportFile, yaml_file
from tsmon.export.prometheus import Plan
from tsmon.export.rules import QUEUE_SHARE
from tsmon.export.targets import EXPORTER_JOB, EXPORTER_PORT
from tsmon.serving.image import DEFAULT_IMAGE, MODEL_STORE
from tsmon.serving.ports import LOOPBACK, Ports
from tsmon.torchserve.addresses import port_of

_PORTS = Ports()
_NAMES = {"inference": _PORTS.inference, "metrics": _PORTS.metrics}
_WHY_CLOSED = (
    "Without tokens, so the management API is for the containers of its pod alone, and for "
    "kubectl port-forward."
)
SIGNAL = "torchserve_queue_seconds"
"""What the adapter calls the scaling signal."""
MONITORING = "monitoring.coreos.com/v1"


class ClusterPlan(Struct, frozen=True, kw_only=True):
    """What the manifests are about."""

    models: tuple[str, ...]
    """Each is loaded at the start from NAME.mar, and scaled by its queue time."""
    namespace: str
    image: str
    """Of tsmon."""
    most_pods: int
    prometheus: str
    """Its URL in the cluster."""
    rules: Plan

    @property
    def queue_s(self) -> float:
        """The queue time from which on there are too few pods."""
        return self.rules.p95_ms / 1e3 * QUEUE_SHARE

    def matchers(self, model: str) -> str:
        """What chooses the series of a model; PromQL's strings are JSON's."""
        labels = {"namespace": self.namespace, "model_name": model}
        return ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items())

    def queue_time(self, labels: str) -> str:
        """Seconds that a request queues on average, over all pods; 0 without requests.

        A rate of requests, as the counters alone only grow and would add pods for ever.
        """
        window = self.rules.window
        queued = f"sum(rate(ts_queue_latency_microseconds{{{labels}}}[{window}]))"
        requests = f"sum(rate(ts_inference_requests_total{{{labels}}}[{window}]))"
        return f"({queued} / 1e6 / ({requests} > 0)) or vector(0)"


def kubernetes_files(plan: ClusterPlan) -> list[ExportFile]:
    """The files of `tsmon export k8s`."""
    manifests = {
        "torchserve.yaml": ([_config_map(plan), _claim(), _deployment(plan), _service()], _APPLY),
        "monitoring.yaml": (
            [_monitor(plan), *_prometheus_rules(plan)],
            "What the Prometheus Operator scrapes and reports",
        ),
    }
    scaling = {
        "keda.yaml": ([_scaled_object(plan)], "Scaling by KEDA; use this or hpa.yaml, not both"),
        "hpa.yaml": ([_autoscaler(plan)], "Scaling by an HPA and prometheus-adapter"),
        "prometheus-adapter-values.yaml": (
            [_adapter(plan)],
            "helm upgrade --values: the metric that hpa.yaml asks for",
        ),
    }
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": plan.namespace,
        "resources": list(manifests),
    }
    return [
        yaml_file("kustomization.yaml", kustomization, about=_APPLY),
        *(
            yaml_file(name, *documents, about=about)
            for name, (documents, about) in {**manifests, **scaling}.items()
        ),
    ]


_APPLY = "kubectl apply -k ."
_LABELS = {"app.kubernetes.io/name": TORCHSERVE}


def _metadata(name: str = TORCHSERVE) -> dict[str, Any]:
    return {"name": name, "labels": _LABELS}


def _config_map(plan: ClusterPlan) -> dict[str, Any]:
    loaded = ",".join(f"{model}={model}.mar" for model in plan.models)
    properties = torchserve_properties(LOOPBACK, _WHY_CLOSED, load_models=loaded)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(),
        "data": {"config.properties": properties},
    }


def _claim() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata("model-store"),
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "10Gi"}},
        },
    }


def _deployment(plan: ClusterPlan) -> dict[str, Any]:
    volumes = [
        {"name": "model-store", "persistentVolumeClaim": {"claimName": "model-store"}},
        {"name": "config", "configMap": {"name": TORCHSERVE}},
        {"name": "temp", "emptyDir": {}},
    ]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(),
        "spec": {
            "selector": {"matchLabels": _LABELS},
            "template": {
                "metadata": {"labels": _LABELS},
                "spec": {
                    "securityContext": {"fsGroup": 1000, "runAsUser": 1000, "runAsNonRoot": True},
                    # The exporter measures the workers' memory and CPU.
                    "shareProcessNamespace": True,
                    "containers": [_torchserve_container(), _exporter_container(plan)],
                    "volumes": volumes,
                },
            },
        },
    }


def _torchserve_container() -> dict[str, Any]:
    ping = {"httpGet": {"path": "/ping", "port": "inference"}}
    environment = {**log_variables(), "OMP_NUM_THREADS": "1"}
    return {
        "name": TORCHSERVE,
        "image": DEFAULT_IMAGE,
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "ports": [{"name": name, "containerPort": port} for name, port in _NAMES.items()],
        # TorchServe answers once the models that it loads at its start are loaded.
        "startupProbe": {**ping, "periodSeconds": 5, "failureThreshold": 120},
        "readinessProbe": {**ping, "periodSeconds": 10, "timeoutSeconds": 5},
        "resources": {"requests": {"cpu": "1", "memory": "2Gi"}},
        "volumeMounts": [
            {"name": "model-store", "mountPath": MODEL_STORE},
            {"name": "config", "mountPath": CONFIG, "subPath": "config.properties"},
            {"name": "temp", "mountPath": TEMP},
        ],
    }


def _exporter_container(plan: ClusterPlan) -> dict[str, Any]:
    return {
        "name": "exporter",
        "image": plan.image,
        "args": exporter_command(f"http://{LOOPBACK}:{_PORTS.management}"),
        "ports": [{"name": EXPORTER_JOB, "containerPort": EXPORTER_PORT}],
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}},
        "volumeMounts": [{"name": "temp", "mountPath": TEMP, "readOnly": True}],
    }


def _service() -> dict[str, Any]:
    ports = {**_NAMES, EXPORTER_JOB: EXPORTER_PORT}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(),
        "spec": {
            "selector": _LABELS,
            "ports": [{"name": name, "port": port} for name, port in ports.items()],
        },
    }


def _monitor(plan: ClusterPlan) -> dict[str, Any]:
    """Scrapes both containers of each pod, with the labels of an exported prometheus.yml."""

    def endpoint(port: str, job: str) -> dict[str, Any]:
        labels = [
            {"targetLabel": "job", "replacement": job},
            {"targetLabel": "server", "sourceLabels": ["__meta_kubernetes_pod_name"]},
        ]
        return {"port": port, "interval": plan.rules.interval, "relabelings": labels}

    return {
        "apiVersion": MONITORING,
        "kind": "ServiceMonitor",
        "metadata": _metadata(),
        "spec": {
            "selector": {"matchLabels": _LABELS},
            "endpoints": [
                endpoint("metrics", TORCHSERVE),
                endpoint(EXPORTER_JOB, EXPORTER_JOB),
            ],
        },
    }


def _prometheus_rules(plan: ClusterPlan) -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": MONITORING,
            "kind": "PrometheusRule",
            "metadata": _metadata(rules.name),
            "spec": rules.rules,
        }
        for rules in plan.rules.rule_sets
    ]


def _scaled_object(plan: ClusterPlan) -> dict[str, Any]:
    """It compares the queue time itself: it does not fall in proportion to the pods."""
    triggers = [
        {
            "type": "prometheus",
            "metricType": "Value",
            "metadata": {
                "serverAddress": plan.prometheus,
                "query": plan.queue_time(plan.matchers(model)),
                "threshold": f"{plan.queue_s:g}",
            },
        }
        for model in plan.models
    ]
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {**_metadata(), "namespace": plan.namespace},
        "spec": {
            "scaleTargetRef": {"name": TORCHSERVE},
            "minReplicaCount": 1,
            "maxReplicaCount": plan.most_pods,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _BEHAVIOUR}},
            "triggers": triggers,
        },
    }


_BEHAVIOUR = {
    "scaleUp": {
        "stabilizationWindowSeconds": 60,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
    },
    "scaleDown": {
        "stabilizationWindowSeconds": 600,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 120}],
    },
}
"""A pod takes a while to load its models: one at a time, and not down at once."""


def _autoscaler(plan: ClusterPlan) -> dict[str, Any]:
    metrics = [
        {
            "type": "External",
            "external": {
                "metric": {"name": SIGNAL, "selector": {"matchLabels": {"model_name": model}}},
                "target": {"type": "Value", "value": f"{plan.queue_s * 1e3:.0f}m"},
            },
        }
        for model in plan.models
    ]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {**_metadata(), "namespace": plan.namespace},
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": TORCHSERVE,
            },
            "minReplicas": 1,
            "maxReplicas": plan.most_pods,
            "metrics": metrics,
            "behavior": _BEHAVIOUR,
        },
    }


def _adapter(plan: ClusterPlan) -> dict[str, Any]:
    """Its template fills in the labels of the HPA's selector, and the namespace."""
    rule = {
        "seriesQuery": 'ts_inference_requests_total{namespace!="",model_name!=""}',
        "resources": {"overrides": {"namespace": {"resource": "namespace"}}},
        "name": {"as": SIGNAL},
        "metricsQuery": plan.queue_time("<<.LabelMatchers>>"),
    }
    at = urlsplit(plan.prometheus)
    server = {
        "url": f"{at.scheme}://{at.hostname}",
        "port": port_of(plan.prometheus),
        "path": at.path,
    }
    return {"prometheus": server, "rules": {"external": [rule]}}
