#!/usr/bin/env bash
# What every commit passes, in under a minute: format, lint, types, import contracts, Django's checks, fast tests.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
QUAYSIDE_DATA=$(mktemp -d); export QUAYSIDE_DATA
trap 'rm -rf "$QUAYSIDE_DATA"' EXIT
step() { printf '%-10s' "$1"; shift; local began=$SECONDS; "$@" >build/check.log 2>&1 || { echo failed; cat build/check.log; exit 1; }; echo "ok  $((SECONDS - began)) s"; }
mkdir -p build
step format $bin/ruff format --check .
step lint $bin/ruff check .
step types $bin/mypy engine webui
step contracts $bin/lint-imports
step django $bin/python manage.py check
step migrations $bin/python manage.py makemigrations --check --dry-run
step tests $bin/python -m pytest -q -m "not real and not e2e and not peer"
