"""The faults. Each is a function of the house that returns when its cause is gone, with what may be expected: from when
on nothing could be written (so that /readyz had to say no), and whether no request may have failed at all."""
import signal
import socket
import ssl
import time
from dataclasses import dataclass

from house import CLOCK_LIBRARY, wait_until

HOUR_BACK = "-3600s"
FORMER_ROWS = 200


@dataclass
class Outcome:
    over: float  # when the cause was gone
    down_from: float = None  # no write was possible from then to `over`
    may_fail: bool = True  # whether requests may have needed more than one try


def kill_server(house, _):
    house.server.kill()
    house.server.spawn()
    return Outcome(time.monotonic())


def stop_postgres(house, seconds):
    """As `pg_ctl stop -m immediate` does it: without a checkpoint, so that it recovers from its log."""
    down_from = time.monotonic()
    house.postgres.stop("immediate")
    time.sleep(seconds)
    house.postgres.start()
    return Outcome(time.monotonic(), down_from)


def terminate_backends(house, _):
    house.postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'rongqiao_app' and "
                       "random() < 0.5")
    return Outcome(time.monotonic())


def fill_disk(house, seconds):
    down_from = time.monotonic()
    house.disk.fill()
    time.sleep(seconds)
    house.disk.clear()
    if house.postgres.has_ended():  # it could not write its log, and gave up
        house.postgres.start()
    house.postgres.await_answer()
    return Outcome(time.monotonic(), down_from)


def exhaust_files(house, seconds):
    """No descriptor is free, and the database's are taken away: they cannot be had again until some are."""
    before = house.server.limit_files(3)
    down_from = time.monotonic()
    house.postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'rongqiao_app'")
    time.sleep(seconds)
    house.server.limit_files(before)
    return Outcome(time.monotonic(), down_from)


def step_clock_back(house, seconds):
    """An hour back for PostgreSQL and the server, whose clocks libfaketime holds; then forward again. PostgreSQL times
    its statements by that clock: one that runs while it goes forward may be ended as if it had taken an hour."""
    house.set_clock(HOUR_BACK)
    time.sleep(seconds)
    house.set_clock("+0s")
    time.sleep(seconds)
    return Outcome(time.monotonic())


def _certificate_shown(port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, context.wrap_socket(plain) as secure:
        return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True))


def replace_certificate(house, _):
    house.server.replace_certificate()
    fresh = house.server.certificate.read_text()
    wait_until("the new certificate was not shown", 10,
               lambda: _certificate_shown(house.server.port).strip() == fresh.strip())
    return Outcome(time.monotonic(), may_fail=False)


def roll(house, _):
    """A new process takes over the socket, then the old one drains."""
    old = house.server.process
    house.server.start()
    old.send_signal(signal.SIGTERM)
    if old.wait(30) != 0:
        raise SystemExit(f"fault: the old server's exit code is {old.returncode}")
    return Outcome(time.monotonic(), may_fail=False)


def detach_month(house, _):
    """The oldest month in service goes into the archive, with what it has."""
    month = house.months.pop(0)[0]
    house.fill_month(month, FORMER_ROWS)
    house.server.command("months", "detach", month)
    part = month.replace("-", "_")
    if house.postgres.rows(f"select count(*) from archive.match_run_{part}") != [[str(FORMER_ROWS)]]:
        raise SystemExit(f"fault: {month} is not whole in the archive")
    house.postgres.sql("set session_replication_role = replica; delete from need where request_no like 'COPY-%'")
    return Outcome(time.monotonic(), may_fail=False)


@dataclass
class Fault:
    name: str
    inject: object
    seconds: tuple  # how long it lasts, in the short and in the long form
    times: tuple  # how often
    needs: str = ""  # what the machine must have
    keeps_process: bool = True


FAULTS = [
    Fault("kill -9 of the server", kill_server, (0, 0), (5, 500), keeps_process=False),
    Fault("PostgreSQL stopped at once", stop_postgres, (0, 0), (3, 100)),
    Fault("PostgreSQL out", stop_postgres, (3, 60), (1, 1)),
    Fault("backends terminated", terminate_backends, (0, 0), (5, 50)),
    Fault("disk full", fill_disk, (3, 15), (1, 5), needs="disk"),
    Fault("descriptors exhausted", exhaust_files, (2, 5), (1, 10)),
    Fault("certificate replaced", replace_certificate, (0, 0), (2, 20)),
    Fault("rolling restart", roll, (0, 0), (1, 20), keeps_process=False),
    Fault("month into the archive", detach_month, (0, 0), (2, 24)),
    Fault("clock an hour back", step_clock_back, (2.5, 5), (1, 5), needs="clock"),
]


def lack(house, fault):
    """Why the fault cannot be had here, or None."""
    if fault.needs == "disk" and not house.disk.is_own:
        return "it takes the right to mount a small file system"
    if fault.needs == "clock" and not CLOCK_LIBRARY.exists():
        return "it takes the Debian package libfaketime"
    return None
