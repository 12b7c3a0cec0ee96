"""The read's peer: Fastify and pg (tests/bench/peers/fastify), with as many processes as we have workers and as many
connections to PostgreSQL as those workers have for reads."""
import json
import os
import shutil
import signal
import socket

from support import ROOT, processes
from support.nginx import free_port
from support.stage import DIRECTORY, STATEMENTS

SOURCE = ROOT / "tests/bench/peers/fastify"
CONNECTIONS = 10  # of each process, pg's default: without pipelining it takes more of them


def _text(name):
    text = (STATEMENTS / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


class Fastify:
    """Installed and started on entering, ended on leaving."""

    def __init__(self, server, cluster):
        self.server, self.cluster, self.port, self.process = server, cluster, free_port(), None
        self.log = DIRECTORY / "fastify.log"

    def _install(self):
        place = DIRECTORY / "fastify"
        place.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json", "server.mjs"):
            shutil.copy(SOURCE / name, place / name)
        processes.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], 300, cwd=place)
        return place

    def __enter__(self):
        place = self._install()
        options = {"port": self.port, "workers": os.cpu_count() or 1, "connections": CONNECTIONS,
                   "certificate": str(self.server.certificate), "key": str(self.server.key),
                   "connection": {"host": self.cluster.sockets, "user": "rongqiao_app", "database": "rongqiao"},
                   "resolve": _text("sessions/resolve"), "enter": _text("session/enter-reading"), "get": _text("needs/get")}
        (place / "options.json").write_text(json.dumps(options), encoding="utf-8")
        with open(self.log, "wb") as log:
            self.process = processes.start(["node", "server.mjs", "options.json"], cwd=place, stdout=log, stderr=log,
                                           env={**os.environ, "NODE_ENV": "production"})
        processes.wait_until(f"Fastify did not listen (see {self.log})", 30, self._listens)
        return self

    def __exit__(self, *_):
        processes.stop(self.process, signal.SIGTERM)

    def _listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def cpu_us(self):
        return processes.family_cpu_us(self.process.pid)
