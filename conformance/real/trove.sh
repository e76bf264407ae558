#!/bin/bash
# Real upstream Trove API in its own "fake mode" (trove-fake-mode: fake nova/cinder/neutron/guest agent, in-memory RPC,
# in-process task manager, sqlite) on 127.0.0.1:8779/v1.0.
#   trove.sh install | start | stop | status | wipe
# Settings: LAB=DIR PORT=8779 AUTH=fake|keystone KEYSTONE=http://127.0.0.1:5000/v3
# AUTH=fake: any X-Auth-Token T is accepted and is tenant, user and role; a token that starts with "admin" is an administrator.
set -eu
LAB=${LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/pentad-real}; PORT=${PORT:-8779}; AUTH=${AUTH:-fake}; KEYSTONE=${KEYSTONE:-http://127.0.0.1:5000/v3}
HERE=$(cd "$(dirname "$0")" && pwd); VENV=$LAB/trove; RUN=$LAB/run/trove-$PORT; mkdir -p "$RUN"
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }
endpid() { alive "$1" || { rm -f "$1"; return 0; }; local p; p=$(cat "$1"); kill "$p"
  for _ in $(seq 50); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done; kill -0 "$p" 2>/dev/null && kill -9 "$p"; rm -f "$1"; }
case "${1:-}" in
install)
  [ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
  "$VENV/bin/pip" install -U pip && "$VENV/bin/pip" install trove python-troveclient gunicorn ;;
start)
  if [ "$AUTH" = keystone ]; then
    FILTER="paste.filter_factory = keystonemiddleware.auth_token:filter_factory"
  else
    FILTER="paste.filter_factory = trove.tests.fakes.keystone:filter_factory"
  fi
  cat > "$RUN/api-paste.ini" <<C
[composite:trove]
use = call:trove.common.wsgi:versioned_urlmap
/: versions
/v1.0: troveapi
[app:versions]
paste.app_factory = trove.versions:app_factory
[pipeline:troveapi]
pipeline = faultwrapper http_proxy_to_wsgi authtoken authorization contextwrapper extensions ratelimit troveapp
[filter:extensions]
paste.filter_factory = trove.common.extensions:factory
[filter:authtoken]
$FILTER
[filter:authorization]
paste.filter_factory = trove.common.auth:AuthorizationMiddleware.factory
[filter:contextwrapper]
paste.filter_factory = trove.common.wsgi:ContextMiddleware.factory
[filter:faultwrapper]
paste.filter_factory = trove.common.wsgi:FaultWrapper.factory
[filter:ratelimit]
paste.filter_factory = trove.common.limits:RateLimitingMiddleware.factory
[app:troveapp]
paste.app_factory = trove.common.api:app_factory
[filter:http_proxy_to_wsgi]
use = egg:oslo.middleware#http_proxy_to_wsgi
C
  cat > "$RUN/trove.conf" <<C
[DEFAULT]
remote_nova_client = trove.tests.fakes.nova.fake_create_nova_client
remote_guest_client = trove.tests.fakes.guestagent.fake_create_guest_client
remote_swift_client = trove.tests.fakes.swift.fake_create_swift_client
remote_cinder_client = trove.tests.fakes.nova.fake_create_cinder_client
remote_neutron_client = trove.tests.fakes.neutron.fake_create_neutron_client
remote_glance_client = trove_fake_glance.create
transport_url = fake:/
report_interval = 0
enable_secure_rpc_messaging = False
trove_dns_support = False
default_log_levels = routes.middleware=ERROR,trove.common.auth=WARN
use_stderr = True
debug = False
bind_host = 127.0.0.1
bind_port = $PORT
trove_api_workers = 1
db_api_implementation = trove.db.sqlalchemy.api
trove_volume_support = True
nova_volume_service_type = volume
device_path = /dev/vdb
max_accepted_volume_size = 25
max_instances_per_tenant = 55
max_volumes_per_tenant = 1000
max_ram_per_tenant = -1
http_get_rate = 1000000
http_post_rate = 1000000
http_put_rate = 1000000
http_delete_rate = 1000000
http_mgmt_post_rate = 1000000
default_datastore = a00000a0-00a0-0a00-00a0-000a000000aa
agent_heartbeat_time = 10
control_exchange = trove
api_paste_config = $RUN/api-paste.ini
[mysql]
volume_support = True
device_path = /dev/vdb
[database]
connection = sqlite:///$RUN/trove.db
[keystone_authtoken]
www_authenticate_uri = $KEYSTONE
auth_url = $KEYSTONE
auth_type = password
username = svc
password = svcpass
project_name = service
user_domain_name = Default
project_domain_name = Default
service_token_roles_required = False
C
  cd "$RUN"
  if [ ! -s trove.db ]; then
    M="$VENV/bin/trove-manage --config-file=$RUN/trove.conf"
    # the schema is made; the task after it (nova tags) fails on the fake nova client: expected
    $M db_sync > setup.log 2>&1 || true
    $M datastore_update mysql '' >> setup.log 2>&1
    $M datastore_version_update mysql 8.4 mysql 00000000-0000-0000-0000-000000000001 '' 1 >> setup.log 2>&1
    $M datastore_update mysql 8.4 >> setup.log 2>&1
    R=$("$VENV/bin/python" -c "import trove, os; print(os.path.dirname(trove.__file__))")/templates/mysql/validation-rules.json
    # sqlite integers are 64-bit signed: clip the limits above that
    "$VENV/bin/python" -c "
import json, sys
d = json.load(open(sys.argv[1]))
for p in d['configuration-parameters']:
    for k in ('min', 'max'):
        if isinstance(p.get(k), int): p[k] = max(-2**63, min(p[k], 2**63 - 1))
json.dump(d, open('rules.json', 'w'))" "$R"
    $M db_load_datastore_config_parameters mysql 8.4 rules.json >> setup.log 2>&1 || true
  fi
  "$VENV/bin/python" "$HERE/trove_fake.py" --config-file="$RUN/trove.conf" > "$RUN/trove.log" 2>&1 &
  echo $! > "$RUN/trove.pid"
  for _ in $(seq 100); do curl -m 2 -s -o /dev/null "http://127.0.0.1:$PORT/" && { echo "trove up on 127.0.0.1:$PORT/v1.0, pid $(cat "$RUN/trove.pid")"; exit 0; }
    sleep 0.2; alive "$RUN/trove.pid" || break; done
  echo "trove did not start"; tail -n 20 "$RUN/trove.log"; exit 1 ;;
stop) endpid "$RUN/trove.pid"; echo stopped ;;
wipe) rm -rf "$RUN" ;;
status) alive "$RUN/trove.pid" && echo "up pid $(cat "$RUN/trove.pid")" || echo down ;;
*) sed -n 2,7p "$0"; exit 2 ;;
esac
