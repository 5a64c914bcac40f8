#!/bin/sh
# The main job on something real: a small shop is broken twice, diagnosed, repaired and verified; then it is healthy.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/steady-demo.XXXXXX")
port=${STEADY_DEMO_PORT:-18473}
STEADY_STORE=$work/journal.db
export STEADY_STORE
cp "$here/shop.py" "$work/"
echo v1 > "$work/release"
cleanup() { python3 "$work/shop.py" stop "$work" "$port" 2>/dev/null || true; [ -n "${STEADY_DEMO_KEEP:-}" ] || rm -rf "$work"; }
trap cleanup EXIT INT TERM

say() { printf '\n== %s\n' "$*"; }
shown() { printf '$ %s\n' "$*"; "$@"; }
# Runs the runbook; where it asks (exit code 4), the answer is given by this script, and shown.
repair() {
  code=0
  shown steady run "$here/shop-down.yaml" -i port="$port" -i folder="$work" </dev/null || code=$?
  [ "$code" = 4 ] || { echo "expected a question (exit code 4), got $code"; exit 1; }
  shown steady answer last "$1" approve --comment 'as the runbook says' --resume </dev/null
}

say "A shop is started on port $port, and it is healthy"
python3 "$work/shop.py" start "$work" "$port"
shown steady run "$here/shop-down.yaml" -i port="$port" -i folder="$work" </dev/null

say 'First fault: a bad release is deployed'
echo v2 > "$work/release"
repair rollback

say 'Second fault: the shop leaks its database sessions'
python3 -c "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])" "http://127.0.0.1:$port/leak" > /dev/null
repair restart

say 'What is left: runs, a chain that holds, and a transcript for the post-mortem'
shown steady runs
shown steady audit verify
shown steady transcript last -o "$work/transcript.md"
shown steady transcript last --format html -o "$work/transcript.html"
sed -n '1,40p' "$work/transcript.md"
