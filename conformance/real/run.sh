#!/bin/bash
# The other direction: our clients against the real Keystone and the real Trove.
#   run.sh            installs what is missing, starts both, tells all cases of crates/cases, stops what it started
#   run.sh keystone   the identity cases alone;  run.sh trove   those of databases alone
# Settings: LAB=DIR (where they are installed; default ~/.cache/pentad-real), KEYSTONE_PORT=5011, TROVE_PORT=8790.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
export LAB=${LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/pentad-real}
KEYSTONE_PORT=${KEYSTONE_PORT:-5011}; TROVE_PORT=${TROVE_PORT:-8790}; WHICH=${1:-all}
keystone() { PORT=$KEYSTONE_PORT TROVE_PORT=$TROVE_PORT "$HERE/keystone.sh" "$1"; }
trove() { PORT=$TROVE_PORT AUTH=fake "$HERE/trove.sh" "$1"; }
tell() { (cd "$HERE/../.." && cargo nextest run -p pentad-cases --no-fail-fast -E "test($1)"); }
status=0
if [ "$WHICH" != trove ]; then
  [ -x "$LAB/keystone/bin/gunicorn" ] || keystone install
  trap 'keystone stop' EXIT
  keystone start
  (eval "$(keystone rc)"; PENTAD_TEST_KEYSTONE=1 tell real_keystone) || status=1
  keystone stop; trap - EXIT
fi
if [ "$WHICH" != keystone ]; then
  [ -x "$LAB/trove/bin/gunicorn" ] || trove install
  trap 'trove stop' EXIT
  trove start
  PENTAD_TEST_TROVE=http://127.0.0.1:$TROVE_PORT/v1.0/admin1 tell a_real_trove || status=1
  trove stop; trap - EXIT
fi
exit $status
