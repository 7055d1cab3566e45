#!/usr/bin/env bash
# Runs the browser journeys against the packaged product, from Maven.
set -euo pipefail
# The first word may say, from Maven, that tests are off.
if [ "${1:-}" = true ]; then exit 0; fi
cd "$(dirname "${BASH_SOURCE[0]}")/../e2e"
if [ ! -f node_modules/.installed ] || ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed
fi
status=0
CLARITY_BUILT=1 npm run --silent test || status=$?
# `./clarity test` runs every module's tests even if some fail, and counts them from the report.
if [ "${CLARITY_TEST_KEEP_GOING:-}" = 1 ] && [ -f target/e2e-junit.xml ]; then exit 0; fi
exit "$status"
