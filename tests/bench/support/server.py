"""The server under test."""
import os
import signal
import urllib.request

from demo_client import Platform
from support import ROOT, processes

PROGRAM = ROOT / "build/release/rongqiao"
# All settings but these keep their defaults.
SETTINGS = {
    "listen_port": "0",
    "admin_port": "0",
    "login_cost_log2": "10",
    "session_idle_minutes": "240",
    "drain_ms": "2000",
    # One machine and one user stand for many.
    "connection_rate": "0",
    "address_rate": "0",
    "principal_rate": "0",
}


class Server:
    names = "IP:127.0.0.1"  # of its certificate

    def __init__(self, directory, cluster):
        self.directory = directory
        self.cluster = cluster
        self.log = directory / "server.log"
        self.certificate = directory / "certificate.pem"
        self.key = directory / "key.pem"
        self.process = None
        self.port = self.admin_port = 0
        self.environment = {}

    def _configure(self):
        self.environment = {f"RONGQIAO_{name.upper()}": value for name, value in {
            **SETTINGS,
            "certificate_file": str(self.certificate),
            "key_file": str(self.key),
            "port_file": str(self.directory / "ports"),
            "database": self.cluster.conninfo("rongqiao_app"),
            "migration_database": self.cluster.conninfo("postgres"),
            "migrations_directory": str(ROOT / "migrations"),
        }.items()}
        self.environment.update(PATH=os.environ.get("PATH", ""), LC_ALL="C.UTF-8", TZ="UTC")

    def __enter__(self):
        self._configure()
        processes.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                       "-days", "30", "-subj", "/CN=localhost", "-addext", f"subjectAltName={self.names}", "-keyout",
                       self.environment["RONGQIAO_KEY_FILE"], "-out", self.certificate], 60)
        self.cluster.sql("create database rongqiao", "postgres")
        self.command("migrate")
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def command(self, *arguments, input=""):
        return processes.run([PROGRAM, *arguments], 120, env=self.environment, input=input)

    def start(self):
        ports = self.directory / "ports"
        ports.unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)
        # Appending, so that the log can be emptied between two runs.
        with open(self.log, "ab") as log:
            self.process = processes.start([PROGRAM, "serve"], env=self.environment, stdout=log, stderr=log)
        processes.wait_until(f"the server was not ready (see {self.log})", 60, self._is_ready)

    def stop(self):
        processes.stop(self.process, signal.SIGTERM)

    def _is_ready(self):
        if self.process.poll() is not None:
            raise SystemExit(f"bench: the server ended\n{self.log.read_text(errors='replace')[-4000:]}")
        try:
            self.port, self.admin_port = (int(word) for word in (self.directory / "ports").read_text().split())
            return "ready" in self._admin("readyz")
        except (OSError, ValueError):
            return False

    def _admin(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/{path}", timeout=10) as reply:
            return reply.read().decode()

    def metrics(self):
        """The counters of /metrics by name with labels."""
        lines = (line.rpartition(" ") for line in self._admin("metrics").splitlines() if not line.startswith("#"))
        return {name.removeprefix("rongqiao_"): float(value) for name, _, value in lines}

    def replies(self):
        """How many replies so far with a 2xx status, and how many with another."""
        counters = self.metrics()
        good = counters['replies_total{class="2xx"}']
        return int(good), int(sum(value for name, value in counters.items() if name.startswith("replies_total")) - good)

    def settle(self):
        """Waits until the requests of clients that have gone are worked off."""
        def is_idle():
            return not any(value for name, value in self.metrics().items()
                           if name.startswith(("db_queued{", "db_in_flight{")))
        processes.wait_until("the server was not idle", 30, is_idle)

    def cpu_us(self):
        return processes.cpu_us(self.process.pid)

    def memory_bytes(self):
        return processes.family_memory_bytes(self.process.pid)

    def empty_log(self):
        """Between two runs: the log holds a line for each request."""
        os.truncate(self.log, 0)

    def platform(self):
        """A client of it, as the demo has it."""
        return Platform(self.port, self.certificate)
