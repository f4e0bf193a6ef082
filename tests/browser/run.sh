#!/usr/bin/env bash
# The browser tests, or the pictures: npm packages when they are not there yet, then node.
set -euo pipefail
cd "$(dirname "$0")"
if ! cmp -s package-lock.json node_modules/.parlor-lock 2>/dev/null; then
  npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.parlor-lock
fi
if [ "${1:-}" = screenshots ]; then
  exec node screenshots.mjs
fi
exec npm test --silent
