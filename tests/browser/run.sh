#!/usr/bin/env bash
# The browser tests, the pictures, or the heap: npm packages when they are not there yet, then node.
set -euo pipefail
cd "$(dirname "$0")"
if ! cmp -s package-lock.json node_modules/.parlor-lock 2>/dev/null; then
  npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.parlor-lock
fi
case "${1:-}" in
  screenshots) exec node screenshots.mjs ;;
  heap) exec node heap.mjs "${@:2}" ;;
esac
exec npm test --silent
