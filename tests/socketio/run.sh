#!/usr/bin/env bash
# Stock Socket.IO clients against the binary: npm's, and Python's where Python can make an environment.
set -euo pipefail
cd "$(dirname "$0")"
if ! cmp -s package-lock.json node_modules/.parlor-lock 2>/dev/null; then
  npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.parlor-lock
fi

environment="${CARGO_TARGET_DIR:-../../target}/tools/socketio-python"
if ! cmp -s requirements.txt "$environment/requirements.txt" 2>/dev/null; then
  if python3 -m venv "$environment" 2>/dev/null &&
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt; then
    cp requirements.txt "$environment/requirements.txt"
  else
    echo "tests/socketio/run.sh: Python's client is tested only where python3 has venv and pip" >&2
  fi
fi
if [ -f "$environment/requirements.txt" ]; then
  PYTHON="$(cd "$environment/bin" && pwd)/python"
  export PYTHON
fi
exec npm test
