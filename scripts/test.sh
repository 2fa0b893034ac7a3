#!/usr/bin/env bash
# All tests: the fast ones, those on the real kernel and real peers, the browser's. With arguments: what pytest makes of them.
set -euo pipefail
cd "$(dirname "$0")/.."
# docker-py lets these variables win over its own CA; peers on loopback need no proxy.
unset REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
[ $# -gt 0 ] || exec .venv/bin/python -m tests.lanes
exec .venv/bin/python -m pytest "$@"
