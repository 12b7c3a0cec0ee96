"""What a fault happens to: a private PostgreSQL, the real server behind a socket that outlives it (as systemd holds
it), and a small world of enterprises. Everything is on loopback; every process is ended by its id."""
import ctypes
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from support import cluster, processes, server
from support.world import World

LIBC = ctypes.CDLL(None, use_errno=True)
CLOCK_LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
DISK_BYTES = 8 << 30  # what a run writes, and what checks it, has room
REMOUNT = 32  # MS_REMOUNT
DATA = Path(__file__).resolve().parents[1] / "data"
FORMER_MONTHS = 24  # that the tables have when the run begins
POSTGRES = {**cluster.SETTINGS, "shared_buffers": "64MB", "max_wal_size": "96MB", "min_wal_size": "48MB"}
SERVER = {"workers": "2", "log_level": "warning", "session_idle_minutes": "600", "drain_ms": "10000"}
# What finds a writer's rows by their keys.
INDEXES = """
create index fault_need_key on need (purpose_detail);
create index fault_application_key on application (note);
update enterprise set verification = 'verified';
"""


def wait_until(what, seconds, holds):
    """Asks every 10 ms; ends the run when the time is over."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"fault: {what} within {seconds} s")
        time.sleep(0.01)


class Disk:
    """A file system of its own for the cluster; without the right to mount one, an ordinary folder."""

    def __init__(self, path):
        self.path = path
        self.is_own = False

    def __enter__(self):
        self.path.mkdir(parents=True)
        self.is_own = self._mount(0, DISK_BYTES)
        return self

    def _mount(self, flags, size):
        options = f"size={size},mode=0755".encode()
        return LIBC.mount(b"rongqiao-fault", str(self.path).encode(), b"tmpfs", flags, options) == 0

    def fill(self):
        """Leaves no byte: it is as large as what it holds, which may grow meanwhile."""
        def takes_no_more():
            now = os.statvfs(self.path)
            return self._mount(REMOUNT, (now.f_blocks - now.f_bfree) * now.f_frsize)
        wait_until("the disk was not full", 10, takes_no_more)

    def clear(self):
        if self.is_own:
            self._mount(REMOUNT, DISK_BYTES)

    def __exit__(self, *_):
        if self.is_own:
            LIBC.umount2(str(self.path).encode(), 2)
        shutil.rmtree(self.path, ignore_errors=True)


class Postgres(cluster.Cluster):
    """Stopped and started again, with a clock of its own where a fault wants one."""

    def __init__(self, directory, disk):
        super().__init__(directory)
        self.disk = disk
        self.clock = {}

    def _choose_place(self):
        self.data = self.disk.path / "cluster"

    def _start(self):
        arguments = [cluster.BINARIES / "postgres", "-D", self.data]
        for name, value in {**POSTGRES, "unix_socket_directories": self.sockets}.items():
            arguments += ["-c", f"{name}={value}"]
        with open(self.log, "ab") as log:
            self.process = processes.start(arguments, self.user, stdout=log, stderr=log, cwd="/",
                                           env={**os.environ, **self.clock})
        self.await_answer()

    def await_answer(self):
        wait_until(f"PostgreSQL did not answer (see {self.log})", 60, self.answers)

    def answers(self):
        asked = subprocess.run([cluster.BINARIES / "pg_isready", "--quiet", f"--host={self.sockets}"], timeout=10)
        return asked.returncode == 0

    def stop(self, mode):
        processes.run([cluster.BINARIES / "pg_ctl", "-D", self.data, "stop", "-m", mode, "-w", "-t", "60"], 90,
                      self.user, cwd="/")
        self.process.wait(30)

    def start(self):
        self._start()

    def has_ended(self):
        return self.process.poll() is not None


class Server(server.Server):
    """Its public socket is the house's and stays open whatever becomes of the process."""

    def __init__(self, directory, postgres, program):
        super().__init__(directory, postgres)
        self.program = program
        self.clock = {}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.listener.setblocking(False)

    def _configure(self):
        super()._configure()
        self.environment.update({f"RONGQIAO_{name.upper()}": value for name, value in SERVER.items()})

    def command(self, *arguments, input=""):
        return processes.run([self.program, *arguments], 120, env=self.environment, input=input)

    def spawn(self):
        """Starts a process and does not wait; it serves the socket as one that systemd started."""
        number = self.listener.fileno()
        (self.directory / "ports").unlink(missing_ok=True)
        words = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve 3<&{number}'
        with open(self.log, "ab") as log:
            self.process = processes.start(["bash", "-c", words, self.program], pass_fds=(number,), stdout=log,
                                           stderr=log, env={**self.environment, **self.clock})

    def start(self):
        self.spawn()
        self.await_ready()

    def await_ready(self):
        wait_until(f"the server was not ready (see {self.log})", 60, self._is_ready)

    def kill(self):
        self.process.kill()
        self.process.wait(30)

    def replace_certificate(self):
        """A new key pair under the same names; its certificate as the wire shows it."""
        fresh = self.directory / "fresh.pem", self.directory / "fresh-key.pem"
        processes.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                       "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                       fresh[1], "-out", fresh[0]], 60)
        os.replace(fresh[1], self.environment["RONGQIAO_KEY_FILE"])
        os.replace(fresh[0], self.certificate)
        self.process.send_signal(signal.SIGHUP)

    def limit_files(self, most):
        """Sets how many descriptors the running process may have; the limit of before."""
        before = resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (most, before[1]))
        return before[0]


class House:
    """Entered with everything running; leaves nothing behind but the logs."""

    def __init__(self, directory, program, writers):
        self.directory = directory
        self.disk = Disk(Path(f"/var/tmp/rongqiao-fault-{os.getpid()}"))
        self.postgres = Postgres(directory, self.disk)
        self.server = Server(directory, self.postgres, program)
        self.writers = writers
        self.people = self.products = self.months = None

    def __enter__(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        try:
            self.disk.__enter__()
            self.postgres.__enter__()
            self.server.__enter__()
            self.people = list(World(self.server, self.postgres, 5, 0, self.writers).people.values())
            self.postgres.sql(INDEXES)
            self.postgres.sql(f"set test.months = {FORMER_MONTHS};\n" + (DATA / "former_months.sql").read_text())
            self.months = self.postgres.rows("select distinct month from app.months() "
                                             "where month < to_char(app.month_of(now()), 'YYYY-MM') order by month")
            self.products = [row[0] for row in self.postgres.rows(
                "select id from product where kind = 'credit_loan' and state = 'online' order by id limit 20")]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.disk.clear()
        self.server.__exit__()
        self.postgres.__exit__()
        self.server.listener.close()
        self.disk.__exit__()

    def fill_month(self, month, rows):
        """Copies a need that is over, with its match, its trail and who looked, into a former month; waits for the seals."""
        need = self.postgres.rows("select id from need where state = 'withdrawn' order by id limit 1")[0][0]
        self.postgres.sql(f"set test.month = '{month}'; set test.rows = {rows}; set test.need = '{need}';\n"
                          + (DATA / "former_rows.sql").read_text())
        waiting = (f"select count(*) from audit_waiting w "
                   f"join audit_event_{month.replace('-', '_')} e using (id, province)")
        wait_until(f"the trail of {month} was not sealed", 60, lambda: self.postgres.rows(waiting) == [["0"]])

    def set_clock(self, offset):
        """What the clocks of PostgreSQL and the server are off by; they look once a second."""
        file = self.disk.path / "clock"
        fresh = file.with_suffix(".new")
        fresh.write_text(offset + "\n")
        fresh.chmod(0o644)
        fresh.replace(file)

    def take_clock(self, is_taken):
        """Starts both anew, with clocks that set_clock() moves, or with the machine's."""
        self.set_clock("+0s")
        clock = {"LD_PRELOAD": str(CLOCK_LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.disk.path / "clock"),
                 "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                 "FAKETIME_DISABLE_SHM": "1"} if is_taken else {}
        self.postgres.clock = self.server.clock = clock
        self.server.stop()
        self.postgres.stop("fast")
        self.postgres.start()
        self.server.start()
