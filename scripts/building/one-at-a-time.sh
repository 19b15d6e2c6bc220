#!/bin/bash
# Runs a command while no other does on the same cache; the lock ends with the process.
lock=${MILVUS_SINK_CACHE:-.cache}/native/lock
mkdir -p "$(dirname "$lock")" || exit
if command -v flock >/dev/null; then exec flock "$lock" "$@"; fi
exec "$@"
