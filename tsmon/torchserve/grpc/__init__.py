"""TorchServe's inference and management APIs over gRPC.

`tsmon.torchserve.grpc.client` is the door to it, and the only module that others import at once;
grpcio is an extra and takes 60 ms to import.
"""
