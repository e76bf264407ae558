"""An HTTPS endpoint that takes push deliveries."""

import base64
import http.server
import json
import ssl
import threading


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer(200, self.server.receiver.shown)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.receiver.take(self.headers, json.loads(body))
        self._answer(204, b"")

    def _answer(self, status, content):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Receiver:
    """Shows `shown` to the endpoint verification; `headers` and `texts` are what was delivered."""

    def __init__(self, certificate):
        self.shown, self.headers, self.texts = b"", [], []
        self._listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._listener.daemon_threads = True
        self._listener.receiver = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self._listener.socket = context.wrap_socket(self._listener.socket, server_side=True)
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"https://127.0.0.1:{self._listener.server_address[1]}/in"

    def take(self, headers, body):
        self.headers.append(headers)
        self.texts.append(base64.b64decode(body["message"]["data"]).decode())

    def stop(self):
        self._listener.shutdown()
        self._listener.server_close()
