"""What TorchServe's official image promises, and how it comes to this machine."""

from __future__ import annotations

import re
from collections.abc import Callable

from tsmon.docker.engine import DockerError, NoEngine, output_lines, run_docker
from tsmon.serving.errors import ContainerError

DEFAULT_IMAGE = "pytorch/torchserve:latest-cpu"
HOME = "/home/model-server"
CONFIG = "config.properties"
"""In its home; what its command `serve` starts TorchServe with, without tokens."""
MODEL_STORE = f"{HOME}/model-store"
LOGS = f"{HOME}/logs"

_LAYER = re.compile(r"([0-9a-f]{12}): (.+)")
_HERE = {"Pull complete", "Already exists"}


def provide(image: str, on_layers: Callable[[int, int], None]) -> None:
    """Have the image on this machine, pulled if need be.

    *on_layers* is called with the number of its layers that are here, and of all.

    Raises:
        ContainerError: it cannot be pulled.
        NoEngine: docker cannot be asked.
    """
    if is_here(image):
        return
    on_layers(0, 0)
    layers: dict[str, bool] = {}
    try:
        for line in output_lines("pull", image):
            if match := _LAYER.fullmatch(line):
                layers[match[1]] = match[2] in _HERE
                on_layers(sum(layers.values()), len(layers))
    except NoEngine:
        raise
    except DockerError as error:
        raise ContainerError(
            f"The image {image} is not on this machine and cannot be pulled: {error}",
            "Check the network and the name; `docker load` takes an image from a file, and "
            "--image names another one",
        ) from None


def is_here(image: str) -> bool:
    """Whether the image is on this machine.

    Raises:
        DockerError: docker does not answer.
    """
    try:
        run_docker("image", "inspect", "--format", "{{.Id}}", image)
    except NoEngine:
        raise
    except DockerError as error:
        if "no such image" in error.message.lower():
            return False
        raise
    return True
