# The head of every door in scripts/, sourced by it: strict mode, the repository as working directory, and the door's
# opening comment as its help. What is behind a door stands in the folder of its longer name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for arg in "$@"; do
  if [[ $arg == --help || $arg == -h ]]; then
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "scripts/${0##*/}"
    exit 0
  fi
done
BUN=node_modules/.bin/bun
