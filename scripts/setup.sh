#!/usr/bin/env bash
# Sets up what Quayside needs to run (`--dev`: and what its tests need). Each step is done once, says what it does, and says
# what to do when it fails. A step is done again when what it was made from has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
dev=no; [ "${1:-}" = --dev ] && dev=yes
stamps=build/stamps; mkdir -p "$stamps"

say() { printf '  %-12s %s\n' "$1" "$2"; }
fail() { printf '\n  %s failed: %s\n' "$1" "$2" >&2; exit 1; }

# Whether step $1 was done from these very files.
fresh() { [ -e "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "$(digest "${@:2}")" ]; }
digest() { cat "$@" 2>/dev/null | sha256sum | cut -d' ' -f1; }
done_with() { digest "${@:2}" >"$stamps/$1"; }

# --- system packages: command or file -> Debian package
runtime_needs="crun:crun runc:runc conmon:conmon nft:nftables ip:iproute2 iptables:iptables mount:mount ps:procps tini-static:tini
  /usr/share/containers/seccomp.json:golang-github-containers-common /etc/ssl/certs/ca-certificates.crt:ca-certificates"
dev_needs="chromium:chromium /usr/bin/docker:docker.io docker-registry:docker-registry /bin/busybox:busybox-static unzip:unzip
  redis-server:redis-server /usr/share/postgresql-common:postgresql
  podman:podman /usr/libexec/podman/catatonit:catatonit /usr/lib/podman/netavark:netavark /usr/lib/podman/aardvark-dns:aardvark-dns
  /usr/sbin/slapd:slapd ldapsearch:ldap-utils"

missing_packages() {
  local need thing
  for need in $1; do
    thing=${need%%:*}
    case $thing in /*) [ -e "$thing" ] || echo "${need#*:}" ;; *) command -v "$thing" >/dev/null || echo "${need#*:}" ;; esac
  done
}

install_system_packages() {
  local needs=$1 missing why=$2
  missing=$(missing_packages "$needs" | sort -u | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0
  if ! command -v apt-get >/dev/null; then
    say system "not Debian or Ubuntu: please install these yourself: $missing"
    return 0
  fi
  if [ "$(id -u)" != 0 ]; then
    say system "not root, so not installed: $missing($why)"
    say "" "as root: apt-get install --no-install-recommends $missing"
    return 0
  fi
  say system "installing $missing"
  # Daemons that packages would start (docker.io, docker-registry) stay off: we start our own, in folders of our own.
  local policy=/usr/sbin/policy-rc.d made=no
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod 755 $policy; made=yes; }
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
      >build/apt.log 2>&1; then
    [ $made = no ] || rm -f $policy
    tail -5 build/apt.log >&2
    fail "apt-get" "see build/apt.log; the package lists may be unreachable"
  fi
  [ $made = no ] || rm -f $policy
}

# --- Python
install_python_packages() {
  if [ ! -x .venv/bin/python ]; then
    local interpreter
    interpreter=$(find_python) || fail python "Python 3.11 or newer is needed; on Debian: apt-get install python3 python3-venv"
    say python "making .venv with $interpreter"
    if ! "$interpreter" -m venv .venv >build/venv.log 2>&1; then
      rm -rf .venv
      install_system_packages "ensurepip-is-missing:python3-venv" "for .venv"
      "$interpreter" -m venv .venv >build/venv.log 2>&1 || { cat build/venv.log >&2; fail python "apt-get install python3-venv, then try again"; }
    fi
    rm -f "$stamps"/python*
  fi
  if ! fresh python requirements.txt pyproject.toml; then
    say python "installing the locked packages"
    pip_install --require-hashes -r requirements.txt
    pip_install --no-deps --no-build-isolation --editable .
    done_with python requirements.txt pyproject.toml
  fi
}

install_python_packages_of_tests() {
  if fresh python-dev requirements-dev.txt; then return; fi
  say python "installing what the tests need"
  pip_install --require-hashes -r requirements-dev.txt
  done_with python-dev requirements-dev.txt
}

pip_install() {
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input "$@" >build/pip.log 2>&1 ||
    { tail -5 build/pip.log >&2; fail pip "see build/pip.log; is a Python package index reachable?"; }
}

find_python() {
  local name
  for name in python3.13 python3.12 python3.11 python3; do
    command -v $name >/dev/null && $name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
      { command -v $name; return; }
  done
  return 1
}

# --- front end
find_front_end_inputs() {
  find package.json package-lock.json static/build.mjs static/src templates webui -type f \
    \( -name '*.json' -o -name '*.mjs' -o -name '*.js' -o -name '*.css' -o -name '*.scss' -o -name '*.html' -o -name '*.svg' -o -name '*.py' \) | sort
}

build_front_end() {
  local inputs=$1
  # Node.js brings its own list of authorities; the machine's, with those of its owner, count as well.
  [ ! -e /etc/ssl/certs/ca-certificates.crt ] || export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}"
  if ! fresh npm package-lock.json || [ ! -d node_modules ]; then
    say "front end" "installing the locked npm packages"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >build/npm.log 2>&1 ||
      { tail -5 build/npm.log >&2; fail npm "see build/npm.log; is an npm registry reachable?"; }
    done_with npm package-lock.json
  fi
  say "front end" "building static/dist"
  node static/build.mjs >build/front-end.log 2>&1 || { tail -20 build/front-end.log >&2; fail "front end" "see build/front-end.log"; }
  # shellcheck disable=SC2086
  done_with front-end $inputs
}

# Node.js of the machine where it is new enough, else the one that a Python wheel carries.
find_node() {
  if command -v node >/dev/null && command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ]; then return; fi
  PATH="$PWD/.venv/bin:$PATH"; export PATH
  if ! .venv/bin/node --version >/dev/null 2>&1; then
    say "front end" "installing Node.js into .venv (this machine has none)"
    pip_install --require-hashes -r requirements-node.txt
  fi
}

[ -e .venv ] && [ -d static/dist ] || echo "Setting up Quayside (once)"
install_system_packages "$runtime_needs" "the bundled engine needs them; without it Quayside manages a Docker that is already there"
if [ $dev = yes ]; then
  install_system_packages "$dev_needs" "the tests need them"
  # The same browser without what nobody sees; not every release has it as a package of its own.
  ! apt-cache show chromium-headless-shell >/dev/null 2>&1 ||
    install_system_packages "chromium-headless-shell:chromium-headless-shell" "the tests are faster with it"
fi
install_python_packages
front_end_inputs=$(find_front_end_inputs)
# shellcheck disable=SC2086
if [ ! -d static/dist ] || ! fresh front-end $front_end_inputs; then
  find_node
  # Beside the packages of the tests: one waits for the network and the disk while the other computes. With -m it has a
  # process group of its own, which ends with this script however that ends.
  set -m
  build_front_end "$front_end_inputs" </dev/null & front_end=$!
  set +m
  trap 'kill -KILL -- -$front_end 2>/dev/null || true' EXIT
fi
[ $dev = no ] || install_python_packages_of_tests
wait ${front_end:-}
trap - EXIT
