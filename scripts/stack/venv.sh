#!/bin/bash
# Makes a Python virtual environment below the stack's directory and prints its path.
#   venv.sh lite3    milvus-lite 3.2.2, and the clients that tests, demo and bench use (pymilvus, confluent-kafka, orjson)
#   venv.sh m23      the wheel that carries Milvus 2.3.5
# Made once; made again when its requirements file changes. Exit 77 when the machine has no fitting Python.
set -euo pipefail
. "$(dirname "$0")/common.sh"
NAME=${1:-}; REQ=$HERE/requirements-$NAME.txt
[[ -n $NAME && -f $REQ ]] || { sed -n 2,6p "$0" >&2; exit 2; }
V=$ROOT/venv-$NAME; WANT=$(sha256sum <"$REQ")
make() {
  [[ $(cat "$V/.ok" 2>/dev/null) == "$WANT" ]] && return
  command -v python3 >/dev/null || apt_install python3 python3-venv ||
    skip "no python3 on this machine: install python3 and python3-venv"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    skip "$(python3 --version) is too old for the stack: Python 3.10 or newer is needed"
  say "making Python environment $NAME ($(grep -c '==' "$REQ") pinned packages; a few hundred MB, once)"
  if [[ ! -x $V/bin/pip ]]; then
    rm -rf "$V"
    python3 -m venv "$V" >/dev/null 2>&1 || { apt_install python3-venv && rm -rf "$V" && python3 -m venv "$V"; } ||
      skip "python3 cannot make virtual environments: install python3-venv"
  fi
  "$V/bin/pip" install -q --disable-pip-version-check --no-input -r "$REQ" >&2 || die "pip could not install $REQ (is PyPI reachable?)"
  echo "$WANT" >"$V/.ok"
}
locked "venv-$NAME" make
echo "$V"
