"""trove-fake-mode with the repairs it needs at Trove 26: bind to 127.0.0.1, and fakes that match what the
current code calls (nova api_version, servers.list/create keyword arguments, glance image lookup)."""
import eventlet
eventlet.monkey_patch()
import trove.cmd  # noqa: E402,F401
from novaclient import api_versions  # noqa: E402
from trove.cmd import fakemode  # noqa: E402
from trove.common import wsgi  # noqa: E402

_launch = wsgi.launch
wsgi.launch = lambda *a, **k: _launch(*a, **{**k, "host": "127.0.0.1"})


def start_taskmanager(conf):  # as upstream, with key=None: no RPC encryption, as the API side has it here
    from trove.common.rpc import service as rpc_service
    from trove.common.rpc import version as rpc_version
    rpc_service.RpcService(key=None, topic=conf.taskmanager_queue, rpc_api_version=rpc_version.RPC_API_VERSION,
                           manager="trove.taskmanager.manager.Manager").start()


def drop_unknown(f):
    """Call f without the keyword arguments it does not know (the fakes are older than their callers)."""
    names = set(f.__code__.co_varnames[:f.__code__.co_argcount + f.__code__.co_kwonlyargcount])
    if f.__code__.co_flags & 8:
        return f
    return lambda *a, **k: f(*a, **{n: v for n, v in k.items() if n in names})


def unquote_user_host(user_hostname):  # gone from trove.tests.util, still imported by trove.tests.fakes.guestagent
    from urllib.parse import unquote
    user, at, host = unquote(user_hostname).rpartition("@")
    return (user, host) if at and host else (unquote(user_hostname), "%")


def main():
    import trove.tests.util
    trove.tests.util.unquote_user_host = unquote_user_host
    from trove.tests.fakes import nova
    nova.FakeClient.api_version = api_versions.APIVersion("2.25")
    slist, screate = nova.FakeServers.list, nova.FakeServers.create
    nova.FakeServers.list = lambda self, *a, **k: slist(self)
    sched = nova.FakeServer.schedule_status   # a nova server is ACTIVE; HEALTHY is a Trove status
    nova.FakeServer.schedule_status = lambda self, status, t: sched(self, "ACTIVE" if status == "HEALTHY" else status, t)
    nova.FakeServers.create = drop_unknown(screate)
    # an instance that is deleted looks for its volumes by name
    vlist = nova.FakeVolumes.list
    nova.FakeVolumes.list = lambda self, search_opts=None: [
        v for v in vlist(self) if not search_opts or getattr(v, "name", None) == search_opts.get("name")]
    from trove.tests.fakes import guestagent
    for name, f in list(vars(guestagent.FakeGuest).items()):
        if callable(f) and not name.startswith("__"):
            setattr(guestagent.FakeGuest, name, drop_unknown(f))
    # calls the current API makes of the guest that the fake does not have
    guestagent.FakeGuest.__getattr__ = lambda self, name: (_ for _ in ()).throw(AttributeError(name)) if name.startswith("_") else (lambda *a, **k: None)
    from trove.tests.fakes import neutron
    port = {"id": "fake-user-port-id", "network_id": "fake-net-id", "fixed_ips": [{"ip_address": "10.0.0.5", "subnet_id": "fake-subnet-id"}],
            "mac_address": "fa:16:3e:00:00:01", "security_groups": ["fake-sg-id"]}
    subnet = {"id": "fake-subnet-id", "cidr": "10.0.0.0/24", "gateway_ip": "10.0.0.1", "dns_nameservers": [], "host_routes": []}
    n = neutron.FakeNeutronClient
    n.create_port = n.show_port = lambda self, *a, **k: {"port": dict(port)}
    n.list_ports = lambda self, *a, **k: {"ports": [dict(port, device_owner="network:router_interface", device_id="fake-router")]
                                          if "device_owner" in k else []}
    n.show_subnet = lambda self, *a, **k: {"subnet": dict(subnet)}
    n.list_subnets = lambda self, *a, **k: {"subnets": [dict(subnet)]}
    n.list_security_group_rules = lambda self, *a, **k: {"security_group_rules": []}
    fakemode.start_fake_taskmanager = start_taskmanager
    fakemode.main()


main()
