#!/usr/bin/env bash
# Runs the browser journeys against the packaged product, from Maven.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../e2e"
if [ ! -f node_modules/.installed ] || ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed
fi
exec npm run --silent test
