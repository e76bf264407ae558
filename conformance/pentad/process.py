"""Starts `pentad serve`, reads its announcement, and stops it."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading

START_SECONDS = 30
STOP_SECONDS = 20
PR_SET_PDEATHSIG = 1


def _die_with_parent():
    """Asks the kernel to end the server when the test run dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def binary():
    """The program under test: named by the runner, or the development build."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(here, "target"))
    return os.environ.get("PENTAD_BINARY", os.path.join(target, "debug", "pentad"))


class Server:
    """A running server. `announcement` is the parsed line with endpoints and credentials."""

    def __init__(self, *flags):
        self._errors = tempfile.TemporaryFile()
        home = tempfile.TemporaryDirectory(prefix="pentad-conformance-")
        self._home = home
        environment = dict(os.environ, HOME=home.name, XDG_DATA_HOME=home.name, XDG_CONFIG_HOME=home.name)
        for name in ("REQUESTS_CA_BUNDLE", "PENTAD_CONTEXT"):
            environment.pop(name, None)
        arguments = [binary(), "serve", "--listen", "127.0.0.1:0", "--tls", "auto", "--tls-listen", "127.0.0.1:0"]
        self._process = subprocess.Popen(
            [*arguments, "--announce", "json", *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            preexec_fn=_die_with_parent,
        )
        watchdog = threading.Timer(START_SECONDS, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        if not line.endswith(b"\n"):
            self._process.wait()
            raise RuntimeError(f"the server did not announce itself: {line!r}\n{self.errors()}")
        self.announcement = json.loads(line)

    @property
    def endpoints(self):
        return self.announcement["endpoints"]

    @property
    def ams(self):
        """The announced credentials of the messaging service."""
        return self.announcement["credentials"]["ams"]

    @property
    def ams_port(self):
        return int(self.endpoints["ams"].rsplit(":", 1)[1])

    @property
    def ca_file(self):
        return self.announcement["tls"]["ca_file"]

    def errors(self):
        """What the server wrote to standard error so far."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def stop(self):
        """Asks the server to stop. Returns its exit code and what it printed after the announcement."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            rest, _ = self._process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise
        finally:
            self._home.cleanup()
        return self._process.returncode, rest
