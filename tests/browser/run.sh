#!/usr/bin/env bash
# The browser test: npm packages when they are not there yet, then node's test runner.
set -euo pipefail
cd "$(dirname "$0")"
if ! cmp -s package-lock.json node_modules/.parlor-lock 2>/dev/null; then
  npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.parlor-lock
fi
exec npm test
