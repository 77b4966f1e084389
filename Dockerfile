# One image, several commands: webhook (the default), console, worker, dispatcher, index. docker-compose.yml names them.
# Build: docker build -t deskhand:0.1.0 .            Settings and secrets come at run time, never into the image.

FROM python:3.11.14-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_CACHE_DIR=/var/cache/pip
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /build

# The largest package by far, in a layer of its own that changes only with its version. Without an index that offers
# builds for CPUs only, pip takes the one with gigabytes of CUDA libraries: docs/operations.md says what to give here.
ARG TORCH_VERSION=2.13.0
ARG TORCH_INDEX_URL=
RUN --mount=type=cache,target=/var/cache/pip pip install ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL"} "torch==$TORCH_VERSION"

COPY requirements.lock ./
RUN --mount=type=cache,target=/var/cache/pip pip install -r requirements.lock && pip check


FROM python:3.11.14-slim-bookworm
RUN groupadd --gid 10001 deskhand \
 && useradd --uid 10001 --gid deskhand --no-log-init --home-dir /var/lib/deskhand --shell /usr/sbin/nologin deskhand \
 && install -d -o deskhand -g deskhand -m 700 /var/lib/deskhand
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/var/lib/deskhand
ENV WEBHOOK_HOST=0.0.0.0 CONSOLE_HOST=0.0.0.0
WORKDIR /app
# What changes seldom first. rules/ and kb/ are a first stock: compose lays the host's own over them.
COPY LICENSE ./
COPY rules ./rules
COPY kb ./kb
COPY scripts ./scripts
COPY worker ./worker
USER 10001:10001
EXPOSE 8000 8001
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["python", "scripts/healthy.py", "webhook"]
CMD ["python", "-m", "worker.web", "webhook"]
