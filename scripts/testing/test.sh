#!/bin/bash
# The checks and the levels of tests, one after the other, and what they come to; scripts/test starts it, in the repository.
set -uo pipefail
exec </dev/null

levels=()
for arg in "$@"; do
  case $arg in
    --unit | --native | --pipeline | --e2e) levels+=("${arg#--}") ;;
    *) echo "scripts/test: no such option: $arg (there are --unit, --native, --pipeline, --e2e)" >&2; exit 2 ;;
  esac
done
all=0
if [[ ${#levels[@]} == 0 ]]; then all=1; levels=(unit native pipeline e2e); fi

passed=0 failed=0 skipped=0
timings=()
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

headline() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
# timed NAME command... : runs it, remembers how long it took; its exit code.
timed() {
  local name=$1 started=$SECONDS code; shift
  headline "$name"
  "$@"; code=$?
  timings+=("$(printf '%5d s  %-10s %s' $((SECONDS - started)) "$name" "$([[ $code == 0 ]] && echo ok || echo FAILED)")")
  return $code
}
finish() {
  headline "times"
  printf '%s\n' "${timings[@]}"
  if [[ -s $work/skipped ]]; then
    headline "skipped"
    sort -u "$work/skipped"
  fi
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [[ $failed == 0 && $passed -gt 0 ]]
  exit
}
# A check counts as one test.
check() { if timed "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); return 1; fi; }

attribute() { sed -n "s/^<testsuites .*[[:space:]]$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -1; }

level() {
  local name=$1 xml=$work/$1.xml code tests bad off hooks
  if [[ -z $(find "test/$name" -name '*.test.ts' -print -quit 2>/dev/null) ]]; then
    echo "no tests in test/$name"
    return
  fi
  timed "$name" ./node_modules/.bin/bun test "./test/$name" --reporter=junit --reporter-outfile="$xml" 2>&1
  code=$?
  tests=$(attribute tests "$xml" 2>/dev/null) bad=$(attribute failures "$xml" 2>/dev/null) off=$(attribute skipped "$xml" 2>/dev/null)
  tests=${tests:-0} bad=${bad:-0} off=${off:-0}
  # Bun reports the hooks of a skipped group as skipped tests without a name.
  hooks=$(grep -c '<testcase name="(unnamed)"' "$xml" 2>/dev/null); hooks=${hooks:-0}
  tests=$((tests - hooks)) off=$((off - hooks))
  # An error outside of a test (an import that fails, a crash) is in the exit code only.
  if [[ $code != 0 && $bad == 0 ]]; then bad=1; tests=$((tests + 1)); fi
  passed=$((passed + tests - bad - off)) failed=$((failed + bad)) skipped=$((skipped + off))
  grep -B1 '<skipped' "$xml" 2>/dev/null | sed -n "s/.*<testcase name=\"\([^\"]*\)\".*/$name: \1/p" | grep -v '(unnamed)' |
    sed 's/&apos;/'"'"'/g; s/&#39;/'"'"'/g; s/&quot;/"/g; s/&gt;/>/g; s/&lt;/</g; s/&amp;/\&/g' >>"$work/skipped"
}

timed setup scripts/setup || { failed=$((failed + 1)); finish; }
if [[ $all == 1 ]]; then
  check biome ./node_modules/.bin/biome check --error-on-warnings
  check tsc ./node_modules/.bin/tsc
  check docs scripts/docs --check
fi
# First of all, since even unit tests decode with the native addon; without it nothing further can be right.
timed build scripts/build || { failed=$((failed + 1)); finish; }
for name in "${levels[@]}"; do level "$name"; done
finish
