#!/usr/bin/env bash
# All tests: the fast ones, those on the real kernel and real peers, the browser's.
set -euo pipefail
cd "$(dirname "$0")/.."
# docker-py lets these variables win over its own CA; peers on loopback need no proxy.
unset REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
exec .venv/bin/python -m pytest "$@"
