"""A TLS front before the server: passes requests on, or answers as a load balancer in trouble."""

import http.client
import http.server
import socket
import ssl
import struct
import threading


class Page:
    """An answer that the balancer gives itself instead of passing the request on."""

    def __init__(self, status, body=b"<html><body><h1>trouble</h1></body></html>", after=False, headers=()):
        self.status = status
        self.body = body
        self.headers = headers
        self.after = after  # pass the request on first, then throw the server's answer away


class Reset:
    """The connection breaks; with `after`, once the server has done the work."""

    def __init__(self, after=False):
        self.after = after


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        balancer = self.server.balancer
        step = balancer.next_step(self.path)
        answer = None
        if step is None or step.after:
            answer = balancer.forward(self.command, self.path, body, self.headers)
        if isinstance(step, Reset):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        status, content, headers = answer if step is None else (step.status, step.body, step.headers)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, *_):
        pass


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # broken connections are the point of some tests


class Balancer:
    """`script` holds what happens to the next requests whose path contains `only`; then they pass."""

    def __init__(self, server, certificate):
        self._upstream = server.endpoints["ams"]
        self._trust = ssl.create_default_context(cafile=server.ca_file)
        self._lock = threading.Lock()
        self._script = []
        self._only = ""
        self.seen = []
        self._listener = _Listener(("127.0.0.1", 0), _Handler)
        self._listener.balancer = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self._listener.socket = context.wrap_socket(self._listener.socket, server_side=True)
        self._thread = threading.Thread(target=self._listener.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self):
        return self._listener.server_address[1]

    @property
    def endpoint(self):
        return f"127.0.0.1:{self.port}"

    def play(self, *steps, only=""):
        """Sets what happens next and forgets what was seen."""
        with self._lock:
            self._script, self._only, self.seen = list(steps), only, []

    def next_step(self, path):
        with self._lock:
            self.seen.append(path)
            return self._script.pop(0) if self._script and self._only in path else None

    def forward(self, method, path, body, headers):
        host, port = self._upstream.rsplit(":", 1)
        connection = http.client.HTTPSConnection(host, int(port), context=self._trust, timeout=30)
        kept = {name: value for name, value in headers.items() if name.lower() == "x-api-key"}
        connection.request(method, path, body=body, headers=kept)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content, [("Content-Type", answer.getheader("Content-Type", ""))]

    def stop(self):
        self._listener.shutdown()
        self._listener.server_close()
