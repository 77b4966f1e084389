#!/bin/sh
# Runs the Dockerfile's pip steps in a clean virtual environment, then imports what the image's commands import: finds a
# lock that does not install before an image build does. Takes minutes and gigabytes, so `make test` leaves it out.
# TORCH_INDEX_URL and TORCH_VERSION, if set, take the place of the build arguments.
set -eu

usage='usage: try_image_steps.sh
Runs the pip steps of the Dockerfile in a clean virtual environment. PYTHON, TORCH_INDEX_URL and TORCH_VERSION are read.'
case "${1:-}" in
-h | --help) echo "$usage" && exit ;;
?*) echo "try_image_steps.sh: it takes no arguments, and got $1
$usage" >&2 && exit 2 ;;
esac

root="$(cd "$(dirname "$0")/.." && pwd)"
room="$(mktemp -d)"
trap 'rm -rf "$room"' EXIT INT TERM

"${PYTHON:-python3.11}" -m venv "$room/venv"
PATH="$room/venv/bin:$PATH"
cp "$root/requirements.lock" "$room/"

# Build arguments become variables with the same defaults; RUN steps with pip become commands, without their mounts.
awk '
    /\\$/ { sub(/\\$/, ""); held = held $0; next }
    { line = held $0; held = "" }
    line ~ /^ARG [A-Z_]+=/ { sub(/^ARG /, "", line); split(line, a, "="); printf ": \"${%s:=%s}\"\n", a[1], a[2] }
    line ~ /^RUN .*pip / { sub(/^RUN /, "", line); gsub(/--mount=[^ ]+ */, "", line); print line }
' "$root/Dockerfile" >"$room/steps.sh"
grep -q 'requirements.lock' "$room/steps.sh" || { echo "The Dockerfile has no pip step that I know." >&2; exit 1; }

(cd "$room" && sh -eux steps.sh)

cd "$root"
PYTHONDONTWRITEBYTECODE=1 REDIS_URL=redis://127.0.0.1:1/0 DATA_DIR="$room" "$room/venv/bin/python" - <<'PYTHON'
import sentence_transformers
import torch

import worker.asgi
import worker.dispatcher
import worker.tasks

print("All commands of the image find what they import; torch", torch.__version__)
PYTHON
