"""Processes of a benchmark: started so that none outlives it, ended by their id, their CPU time read from /proc."""
import ctypes
import os
import pwd
import signal
import subprocess
import time

PIPE = subprocess.PIPE
PR_SET_PDEATHSIG = 1
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_libc = ctypes.CDLL(None, use_errno=True)


def unprivileged_user():
    """The user for PostgreSQL, which refuses root; None when we are not root anyway."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SystemExit("bench: there is neither a user postgres nor a user nobody")


def as_user(user):
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def start(arguments, user=None, **options):
    """Starts a process that gets SIGQUIT when the benchmark dies, however it dies."""
    def follow():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(arguments, preexec_fn=follow, start_new_session=True, **as_user(user), **options)


def run(arguments, timeout, user=None, **options):
    """Runs a command to its end and returns what it printed; a failure ends the benchmark with its words."""
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    done = subprocess.run(arguments, timeout=timeout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          **as_user(user), **options)
    if done.returncode != 0:
        name = os.path.basename(arguments[0])
        raise SystemExit(f"bench: {name} failed ({done.returncode})\n{done.stdout}{done.stderr}")
    return done.stdout


def stop(process, first=signal.SIGTERM, seconds=30):
    """Ends a process: the first signal, and after `seconds` SIGKILL."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(first)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(seconds)


def wait_until(what, seconds, holds):
    """Asks every 20 ms; ends the benchmark when the time is over."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"bench: {what} within {seconds} s")
        time.sleep(0.02)


def _stat(pid):
    """The fields of /proc/PID/stat from the state on, or None when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def cpu_us(pid):
    """User and system time of one process with all its threads."""
    fields = _stat(pid)
    return 0 if fields is None else (int(fields[11]) + int(fields[12])) * 1000000 // TICKS_PER_SECOND


def _reaped_ticks(pid):
    fields = _stat(pid)
    return 0 if fields is None else int(fields[13]) + int(fields[14])


def family_cpu_us(pid):
    """The same with all children, living and reaped: the time of a child that ends moves to its parent, and where it
    does so while we read, we read again."""
    while True:
        reaped, ticks = _reaped_ticks(pid), 0
        for entry in os.listdir("/proc"):
            fields = _stat(entry) if entry.isdigit() else None
            if fields is None:
                continue
            if pid in (int(entry), int(fields[1])):
                ticks += int(fields[11]) + int(fields[12])
        if reaped == _reaped_ticks(pid):
            return (ticks + reaped) * 1000000 // TICKS_PER_SECOND


def _memory_bytes(pid):
    """Resident memory of one process, pages shared with others counted in part."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024
    except (FileNotFoundError, ProcessLookupError):
        return 0


def family_memory_bytes(pid):
    """The same with all children."""
    children = [entry for entry in os.listdir("/proc") if entry.isdigit() and (_stat(entry) or [0, 0])[1] == str(pid)]
    return sum(_memory_bytes(each) for each in [pid, *children])


def machine_cpu_us():
    """Busy time of all CPUs, whoever used it; stolen time counts as busy."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, idle, iowait, irq, softirq, steal = (int(field) for field in file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * 1000000 // TICKS_PER_SECOND
