#!/bin/bash
# Real upstream Keystone on 127.0.0.1:5000 with sqlite, served by gunicorn; catalog with identity, trove, zaqar.
#   keystone.sh install | start | stop | status | rc
# Settings: LAB=DIR PORT=5000 WORKERS=2 TROVE_PORT=8779 ZAQAR_PORT=8888
# User admin / password labsecret / project admin / domain Default / region RegionOne.
# `start` also creates (once) user lab/labpass in project lab, and the application credential lab/appsecret.
set -eu
LAB=${LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/pentad-real}; PORT=${PORT:-5000}; WORKERS=${WORKERS:-2}; TROVE_PORT=${TROVE_PORT:-8779}; ZAQAR_PORT=${ZAQAR_PORT:-8888}
SELF=$(cd "$(dirname "$0")" && pwd)/$(basename "$0"); VENV=$LAB/keystone; RUN=$LAB/run/keystone-$PORT; mkdir -p "$RUN"
URL=http://127.0.0.1:$PORT/v3
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }
endpid() { alive "$1" || { rm -f "$1"; return 0; }; local p; p=$(cat "$1"); kill "$p"
  for _ in $(seq 50); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done; rm -f "$1"; }
case "${1:-}" in
install)
  [ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
  "$VENV/bin/pip" install -U pip && "$VENV/bin/pip" install keystone gunicorn
  [ -x "$LAB/clients/bin/python" ] || python3 -m venv "$LAB/clients"
  "$LAB/clients/bin/pip" install python-openstackclient ;;
start)
  cat > "$RUN/keystone.conf" <<C
[DEFAULT]
debug = False
[database]
connection = sqlite:///$RUN/keystone.db
[token]
provider = fernet
expiration = 86400
[fernet_tokens]
key_repository = $RUN/fernet-keys
[credential]
key_repository = $RUN/credential-keys
[identity]
password_hash_rounds = 4
[cache]
enabled = True
backend = dogpile.cache.memory
C
  # keystone's wsgi entry reads OS_KEYSTONE_CONFIG_FILES / OS_KEYSTONE_CONFIG_DIR
  export OS_KEYSTONE_CONFIG_DIR=$RUN
  KM="$VENV/bin/keystone-manage --config-file $RUN/keystone.conf"
  if [ ! -s "$RUN/keystone.db" ]; then
    U=$(id -un); G=$(id -gn)
    $KM db_sync > "$RUN/setup.log" 2>&1
    $KM fernet_setup --keystone-user "$U" --keystone-group "$G" >> "$RUN/setup.log" 2>&1
    $KM credential_setup --keystone-user "$U" --keystone-group "$G" >> "$RUN/setup.log" 2>&1
    $KM bootstrap --bootstrap-password labsecret --bootstrap-region-id RegionOne \
      --bootstrap-admin-url "$URL/" --bootstrap-internal-url "$URL/" --bootstrap-public-url "$URL/" >> "$RUN/setup.log" 2>&1
  fi
  # keystone parses sys.argv as its own options: hide gunicorn's
  printf 'import sys\nsys.argv = sys.argv[:1]\nfrom keystone.wsgi.api import application\n' > "$RUN/ksapp.py"
  cd "$RUN"
  "$VENV/bin/gunicorn" -b 127.0.0.1:"$PORT" -w "$WORKERS" -k gthread --threads 4 --keep-alive 75 --no-control-socket \
     ksapp:application > "$RUN/keystone.log" 2>&1 &
  echo $! > "$RUN/keystone.pid"
  for _ in $(seq 150); do curl -m 2 -s -o /dev/null "$URL/" && break; sleep 0.2; alive "$RUN/keystone.pid" || { tail -20 "$RUN/keystone.log"; exit 1; }; done
  if [ ! -s "$RUN/appcred" ]; then
    eval "$(LAB=$LAB PORT=$PORT "$SELF" rc)"
    O=$LAB/clients/bin/openstack
    for s in "database trove http://127.0.0.1:$TROVE_PORT/v1.0/%(project_id)s" "messaging zaqar http://127.0.0.1:$ZAQAR_PORT"; do
      set -- $s; $O service create --name "$2" "$1" -f value -c id > /dev/null
      for i in public internal admin; do $O endpoint create --region RegionOne "$2" $i "$3" -f value -c id > /dev/null; done
    done
    $O project create lab -f value -c id; $O user create --password labpass --project lab lab -f value -c id
    for r in member admin; do $O role add --user lab --project lab $r; done
    # for a real Trove / Zaqar with keystonemiddleware
    $O project create service -f value -c id; $O user create --password svcpass --project service svc -f value -c id
    $O role add --user svc --project service admin
    OS_USERNAME=lab OS_PASSWORD=labpass OS_PROJECT_NAME=lab $O application credential create --secret appsecret labcred -f value -c id > "$RUN/appcred"
  fi
  echo "keystone up on 127.0.0.1:$PORT, pid $(cat "$RUN/keystone.pid"); application credential id in $RUN/appcred, secret appsecret" ;;
rc) cat <<C
export OS_AUTH_URL=$URL OS_IDENTITY_API_VERSION=3 OS_USERNAME=admin OS_PASSWORD=labsecret OS_PROJECT_NAME=admin OS_USER_DOMAIN_NAME=Default OS_PROJECT_DOMAIN_NAME=Default OS_REGION_NAME=RegionOne
C
;;
stop) endpid "$RUN/keystone.pid"; echo stopped ;;
wipe) rm -rf "$RUN" ;;
status) alive "$RUN/keystone.pid" && echo "up pid $(cat "$RUN/keystone.pid")" || echo down ;;
*) sed -n 2,7p "$0"; exit 2 ;;
esac
