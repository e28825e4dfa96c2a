"""An in-process TorchServe 0.12 for faults and scale; the contract tests hold it to reality."""

from tests.fake.archives import Archive, Loading
from tests.fake.server import FakeTorchServe

__all__ = ["Archive", "FakeTorchServe", "Loading"]
