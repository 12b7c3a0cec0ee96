"""A private PostgreSQL 15 cluster: durable as it is by default, checksums on, reached by one socket only."""
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from support import processes

BINARIES = Path("/usr/lib/postgresql/15/bin")
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "log_min_messages": "warning",
    "lc_messages": "C",
    "timezone": "UTC",
}


class Cluster:
    """Made on entering, stopped on leaving; its files stay until the next benchmark."""

    def __init__(self, directory):
        self.user = processes.unprivileged_user()
        self.data = directory / "cluster"
        self.log = directory / "postgres.log"
        self.sockets = self.elsewhere = None
        self.process = None

    def __enter__(self):
        try:
            self._make()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        processes.stop(self.process, signal.SIGINT)
        for folder in (self.sockets, self.elsewhere):
            if folder:
                shutil.rmtree(folder, ignore_errors=True)

    def _own(self, path):
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def _choose_place(self):
        """A folder that the cluster's user may not enter (a checkout in /root) gets its cluster in /var/tmp."""
        shutil.rmtree(self.data, ignore_errors=True)
        seen = subprocess.run(["test", "-x", self.data.parent], timeout=10, **processes.as_user(self.user))
        if seen.returncode != 0:
            self.elsewhere = tempfile.mkdtemp(prefix="rq-bench-", dir="/var/tmp")
            os.chmod(self.elsewhere, 0o755)
            self.data = Path(self.elsewhere) / "cluster"

    def _make(self):
        self._choose_place()
        self.data.mkdir(mode=0o700)
        self._own(self.data)
        # A socket's path may have 107 bytes: it lies in a short one.
        self.sockets = tempfile.mkdtemp(prefix="rq-bench-")
        self._own(self.sockets)
        processes.run([BINARIES / "initdb", "-D", self.data, "--data-checksums", "--encoding=UTF8", "--no-locale",
                       "--username=postgres", "--auth=trust", "--no-sync", "--no-instructions"], 120, self.user,
                      cwd="/")

    def _start(self):
        arguments = [BINARIES / "postgres", "-D", self.data]
        for name, value in {**SETTINGS, "unix_socket_directories": self.sockets}.items():
            arguments += ["-c", f"{name}={value}"]
        with open(self.log, "wb") as log:
            self.process = processes.start(arguments, self.user, stdout=log, stderr=log, cwd="/")
        processes.wait_until(f"PostgreSQL did not answer (see {self.log})", 60, self._answers)

    def _answers(self):
        if self.process.poll() is not None:
            raise SystemExit(f"bench: PostgreSQL ended\n{self.log.read_text(errors='replace')}")
        asked = subprocess.run([BINARIES / "pg_isready", "--quiet", f"--host={self.sockets}"], timeout=10)
        return asked.returncode == 0

    def conninfo(self, user, database="rongqiao"):
        return f"host={self.sockets} user={user} dbname={database}"

    def sql(self, text, database="rongqiao", timeout=300):
        """Runs SQL as the superuser; one row a line, columns between tabs."""
        return processes.run([BINARIES / "psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d",
                              self.conninfo("postgres", database), "-f", "-"], timeout, input=text)

    def rows(self, text):
        return [line.split("\t") for line in self.sql(text).splitlines()]

    def cpu_us(self):
        return processes.family_cpu_us(self.process.pid)
