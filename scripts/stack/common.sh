# Shared by the stack's scripts: where things live, ports, and processes that never outlive who started them.
# Sourced, never run. What is downloaded is below $STACK (default: .cache/stack of this repository), what servers
# write below $STACK_RUN (default: the same).
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=${STACK:-$(cd "$HERE/../.." && pwd)/.cache/stack}
RUN=${STACK_RUN:-$ROOT}
# Exit code for "this machine lacks what it takes": callers report a skip, not a failure.
SKIP=77

say() { echo "$*" >&2; }
die() { say "$*"; exit 1; }
skip() { say "$*"; exit $SKIP; }

# A lock for downloads, so that two runs at once do not unpack into each other's directory.
locked() { # name command...
  local name=$1; shift
  mkdir -p "$ROOT"
  ( flock 9; "$@" ) 9>"$ROOT/.lock-$name"
}

# apt_install PACKAGES... : true when it could.
apt_install() {
  [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
  say "installing $* (apt-get)"
  local log; log=$(mktemp)
  if { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" ||
       { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }; } >"$log" 2>&1 </dev/null
  then rm -f "$log"; else tail -5 "$log" >&2; rm -f "$log"; return 1; fi
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# alive PIDFILE : the process is there and no zombie.
alive() {
  local pid state
  pid=$(cat "$1" 2>/dev/null) && [[ -n $pid ]] || return 1
  state=$(awk '/^State:/{print $2}' "/proc/$pid/status" 2>/dev/null) || return 1
  [[ -n $state && $state != Z ]]
}

# Ends the process of a pidfile: TERM, and KILL when it has not gone after the given seconds.
end() { # pidfile seconds
  if alive "$1"; then
    local pid i; pid=$(cat "$1")
    kill "$pid" 2>/dev/null || true
    for ((i = 0; i < $2 * 10; i++)); do alive "$1" || break; sleep 0.1; done
    if alive "$1"; then kill -9 "$pid" 2>/dev/null || true; fi
  fi
  rm -f "$1"
}

# With STACK_OWNER=<pid>, a started server ends when that process ends, however it ended (kill -9 of a test run too);
# with STACK_EPHEMERAL=1 its data goes with it. The guard holds no pipe of its parent.
guard() { # pidfile seconds paths-to-delete...
  [[ -n ${STACK_OWNER:-} ]] || return 0
  local pidfile=$1 seconds=$2 pid; shift 2; pid=$(cat "$pidfile")
  (
    trap '' INT HUP
    while kill -0 "$STACK_OWNER" 2>/dev/null && kill -0 "$pid" 2>/dev/null; do sleep 0.5; done
    # Stopped by hand (a restart may follow): only the owner's end takes the data along.
    while kill -0 "$STACK_OWNER" 2>/dev/null && ! alive "$pidfile"; do
      [[ -d $(dirname "$pidfile") ]] || exit 0
      sleep 0.5
    done
    kill -0 "$STACK_OWNER" 2>/dev/null && exit 0 # restarted: that start has its own guard
    end "$pidfile" "$seconds"
    [[ ${STACK_EPHEMERAL:-0} == 1 ]] && { rm -rf "$@"; rmdir "$RUN/kafka" "$RUN/milvus" "$RUN" 2>/dev/null; }
    exit 0
  ) >/dev/null 2>&1 </dev/null &
  disown
}

resident() { awk '/VmRSS/{print int($2/1024)}' "/proc/$(cat "$1")/status"; }
