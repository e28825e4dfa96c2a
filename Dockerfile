# Two images: that of `make docker-run`, which has everything to train, archive and test with, and
# tsmon's own, the last one, which is small and has no torch.

FROM python:3.13-slim AS development
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make procps \
    && rm -rf /var/lib/apt/lists/*
# Those of the person, so that what is written to the checkout is theirs.
ARG uid=1000
ARG gid=1000
RUN groupadd --non-unique --gid "$gid" dev \
    && useradd --non-unique --uid "$uid" --gid "$gid" --create-home --shell /bin/bash dev \
    && install --directory --owner dev --group dev /opt/tsmon /workspace
USER dev
WORKDIR /workspace
ENV VENV=/opt/tsmon PATH="/opt/tsmon/bin:$PATH" LANG=C.UTF-8
# What decides about the installation, and no more: a changed module installs nothing again.
COPY --chown=dev Makefile pyproject.toml README.md LICENSE ./
COPY --chown=dev tools tools
COPY --chown=dev tsmon/__init__.py tsmon/
COPY --chown=dev tsmon/torchserve/grpc/*.proto tsmon/torchserve/grpc/
COPY --chown=dev model/network.py model/
COPY --chown=dev handler handler
COPY --chown=dev artifacts artifacts
COPY --chown=dev docs/metrics.md docs/
RUN make setup
# The checkout lies over /workspace; it may have no modules of the gRPC messages yet.
CMD ["sh", "-c", "python -m tools.grpc_messages && exec sleep infinity"]

FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/tsmon && /opt/tsmon/bin/pip install --no-cache-dir '.[grpc,yaml]'

FROM python:3.13-slim
RUN useradd --create-home --uid 1000 tsmon
COPY --from=build /opt/tsmon /opt/tsmon
ENV PATH="/opt/tsmon/bin:$PATH" LANG=C.UTF-8 TERM=xterm-256color
# By its number, which Kubernetes needs to see that it is not root.
USER 1000
WORKDIR /home/tsmon
ENTRYPOINT ["tsmon"]
