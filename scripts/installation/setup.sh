#!/bin/sh
# Packages, Bun, compiler, libraries, in this order; scripts/setup starts it, in the repository.
set -eu

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

if_needed=
for arg in "$@"; do
  case $arg in
    --if-needed) if_needed=1 ;;
    *) printf 'scripts/setup: no such option: %s (there is --if-needed)\n' "$arg" >&2; exit 2 ;;
  esac
done
lock_sum=$(sha256sum package-lock.json | cut -d' ' -f1)
stamp=node_modules/.package-lock.sha256
want=$(sed -n 's/.*"bun": "\([0-9.]*\)".*/\1/p' package.json | head -n 1)
bun=node_modules/bun/bin/bun.exe
has_bun() { [ "$("$1" --version 2>/dev/null || true)" = "$want" ]; }
stamped() { [ "$(cat "$stamp" 2>/dev/null || true)" = "$lock_sum" ]; }
if [ -n "$if_needed" ] && stamped && has_bun "$bun"; then exit 0; fi

# --- npm packages: only when node_modules is not in step with the lock file
command -v npm >/dev/null || die 'npm is missing. Install Node.js 20 or newer with npm (Debian: apt-get install npm), then run scripts/setup again.'
command -v python3 >/dev/null || die 'python3 is missing (Debian: apt-get install python3), then run scripts/setup again.'
# npm's own mark of a finished install, for a tree that was installed by hand from the same lock file.
in_step() {
  [ -e node_modules/.package-lock.json ] || return 1
  if [ -e "$stamp" ]; then stamped; return; fi
  [ node_modules/.package-lock.json -nt package-lock.json ] || npm ls --all >/dev/null 2>&1
}
if in_step; then
  say 'npm packages: in step with package-lock.json'
else
  say 'npm packages: npm ci (install scripts stay off: one of them would download a binary that Bun cannot load)'
  npm ci --ignore-scripts --no-audit --no-fund
fi
stamped || printf '%s\n' "$lock_sum" > "$stamp"

# --- Bun: what its blocked postinstall script would do, without the script
if ! has_bun "$bun"; then
  found=
  for candidate in node_modules/@oven/bun-*/bin/bun; do
    if has_bun "$candidate"; then found=$candidate; break; fi
  done
  [ -n "$found" ] || die "no Bun $want for $(uname -sm) among node_modules/@oven/bun-*; was npm run with --omit=optional?"
  for name in bun bunx; do
    ln -f "$found" "node_modules/bun/bin/$name.new" 2>/dev/null || cp "$found" "node_modules/bun/bin/$name.new"
    mv -f "node_modules/bun/bin/$name.new" "node_modules/bun/bin/$name.exe"
  done
fi
say "Bun: $("$bun" --version)"

# --- compiler and static libraries
missing=
need() { case " $missing " in *" $1 "*) ;; *) missing="${missing:+$missing }$1" ;; esac }
command -v gcc >/dev/null || need gcc
command -v g++ >/dev/null || need g++
command -v make >/dev/null || need make
# gcc prints the bare name back when it has no such library.
has_static() { command -v gcc >/dev/null && [ "$(gcc -print-file-name="$1")" != "$1" ]; }
has_static libssl.a || need libssl-dev
has_static libcrypto.a || need libssl-dev
has_static libzstd.a || need libzstd-dev
has_static libz.a || need zlib1g-dev
has_static libnghttp2.a || need libnghttp2-dev
if [ -z "$missing" ]; then
  say "compiler: $(g++ -dumpfullversion), static OpenSSL, zstd, zlib and nghttp2 are there"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "apt-get install $missing"
  apt-get update -qq
  # shellcheck disable=SC2086 # a list of package names
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing libc6-dev
elif command -v apt-get >/dev/null; then
  die "missing: $missing. Run
  sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing libc6-dev
and then scripts/setup again."
else
  die "missing (Debian's names): $missing. Install your distribution's counterparts, static libraries (.a) included, and run scripts/setup again."
fi
