#!/usr/bin/env bash
# Builds or tests the web with npm, from Maven. The sources decide whether a build is needed:
# with an unchanged tree this takes a few milliseconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../web"
[ -f package.json ] || exit 0

command -v npm >/dev/null || {
  echo "npm is missing: install Node.js 20 or newer (nodejs.org; Debian 12 has 18 only)." >&2
  exit 1
}

packages() {
  if [ ! -f node_modules/.installed ] || ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed
  fi
}

# What a build depends on: everything here but for what builds and tests leave behind. A directory
# counts too: it is newer once a file in it was removed.
newer_than() {
  find . -mindepth 1 \( -name node_modules -o -name dist -o -name target -o -name __screenshots__ \) -prune \
    -o -newer "$1" -print -quit
}

case "$1" in
  build)
    if [ -f dist/index.html ] && [ -z "$(newer_than dist/index.html)" ]; then exit 0; fi
    packages
    npm run --silent build
    touch dist/index.html
    ;;
  test)
    # Each further word is a switch of Maven's that may say that tests are skipped.
    shift
    for skipped in "$@"; do
      if [ "$skipped" = true ]; then exit 0; fi
    done
    packages
    mkdir -p target/surefire-reports
    status=0
    npm run --silent test -- --reporter=default --reporter=junit \
      --outputFile.junit=target/surefire-reports/TEST-web.xml || status=$?
    # The page is used all the same, so this fails the tests and no build.
    if [ "$(head -n 1 target/first-load 2>/dev/null)" = above ]; then
      told=$(tail -n 1 target/first-load)
      echo "$told" >&2
      printf '<testsuite name="build" tests="1" failures="1"><testcase classname="build" name="The first load keeps to its budget"><failure message="%s"/></testcase></testsuite>\n' \
        "$told" > target/surefire-reports/TEST-first-load.xml
      status=1
    fi
    # `./clarity test` runs every module's tests even if some fail, and counts them from the report.
    if [ "${CLARITY_TEST_KEEP_GOING:-}" = 1 ] && [ -f target/surefire-reports/TEST-web.xml ]; then
      exit 0
    fi
    exit "$status"
    ;;
  *)
    echo "usage: web.sh build|test" >&2
    exit 2
    ;;
esac
