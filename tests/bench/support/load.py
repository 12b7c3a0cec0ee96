"""One run of a load: wrk over TLS, or pgbench beside the server. CPU time is taken over a window inside a wrk run, so
that handshakes and the start of wrk are not in it."""
import json
import re
import time

from support import ROOT, processes

WRK = ROOT / "tests/bench/wrk"
EDGE_SECONDS = 0.5  # of a run, before and after the window
WARM_SECONDS = 3  # of pgbench
PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"


class Reading:
    """What the processes have used and the server has answered up to now."""

    def __init__(self, server, cluster, load_pid=None):
        self.at_us = time.monotonic_ns() // 1000
        self.good, self.bad = server.replies()
        self.server = server.cpu_us()
        self.postgres = cluster.cpu_us()
        self.load = processes.cpu_us(load_pid) if load_pid else 0
        self.machine = processes.machine_cpu_us()


def _others_share(before, after, cpus):
    """The share of the machine that neither we nor our load used in the window."""
    ours = sum(getattr(after, name) - getattr(before, name) for name in ("server", "postgres", "load"))
    return max(0.0, (after.machine - before.machine - ours) / ((after.at_us - before.at_us) * cpus))


def wrk(server, cluster, script, arguments, connections, seconds, cpus):
    """Runs wrk for `seconds` and the edges; returns the figures of the run."""
    threads = 1 if connections <= 16 else 2
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds + 1}s", "--timeout", "10s", "-s", WRK / script,
               f"https://127.0.0.1:{server.port}", "--", *arguments]
    server.empty_log()
    first = Reading(server, cluster)
    process = processes.start(command, stdout=processes.PIPE, stderr=processes.PIPE, text=True, cwd=ROOT)
    try:
        time.sleep(EDGE_SECONDS)
        before = Reading(server, cluster, process.pid)
        time.sleep(seconds)
        after = Reading(server, cluster, process.pid)
        output, words = process.communicate(timeout=60)
    finally:
        processes.stop(process)
    server.settle()
    last = Reading(server, cluster)
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if process.returncode != 0 or len(lines) != 1:
        raise SystemExit(f"bench: wrk failed ({process.returncode})\n{output}{words}")
    result = json.loads(lines[0])
    requests = max(1, after.good - before.good)
    return {
        "rps": result["requests"] * 1e6 / result["duration_us"],
        "p50_ms": result["p50_us"] / 1000,
        "p99_ms": result["p99_us"] / 1000,
        "server_cpu_us": (after.server - before.server) / requests,
        "pg_cpu_us": (after.postgres - before.postgres) / requests,
        "others": _others_share(before, after, cpus),
        "requests": result["requests"],
        # What wrk did not get, and what the server answered with another status than 2xx.
        "errors": sum(result[name] for name in ("connect", "read", "write", "timeout")) + last.bad - first.bad,
    }


def wrk_peer(peer, cluster, targets, connections, seconds, threads=2):
    """The same against a peer that counts nothing itself: replies and what was not a 200 are counted by wrk."""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds + 1}s", "--timeout", "10s", "-s", WRK / "count.lua",
               f"https://127.0.0.1:{peer.port}", "--", str(targets)]
    process = processes.start(command, stdout=processes.PIPE, stderr=processes.PIPE, text=True, cwd=ROOT)
    try:
        time.sleep(EDGE_SECONDS)
        peer_before, pg_before, begun = peer.cpu_us(), cluster.cpu_us() if cluster else 0, time.monotonic()
        time.sleep(seconds)
        peer_used, elapsed = peer.cpu_us() - peer_before, time.monotonic() - begun
        pg_used = cluster.cpu_us() - pg_before if cluster else 0
        output, words = process.communicate(timeout=60)
    finally:
        processes.stop(process)
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if process.returncode != 0 or len(lines) != 1:
        raise SystemExit(f"bench: wrk failed ({process.returncode})\n{output}{words}")
    result = json.loads(lines[0])
    rate = result["requests"] * 1e6 / result["duration_us"]
    figures = {"rps": rate, "p50_ms": result["p50_us"] / 1000, "p99_ms": result["p99_us"] / 1000,
               "server_cpu_us": peer_used / (rate * elapsed), "requests": result["requests"],
               "errors": sum(result[name] for name in ("connect", "read", "write", "timeout", "bad"))}
    return {**figures, "pg_cpu_us": pg_used / (rate * elapsed)} if cluster else figures


def pgbench(cluster, scripts, variables, clients, seconds):
    """Runs scripts at random as the server's role; `variables` become parameters of the prepared statements. The
    server's connections are old and have their plans; so the first seconds of pgbench's do not count."""
    command = [PGBENCH, "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-P", "1", "-T",
               str(WARM_SECONDS + seconds)]
    for script in scripts:
        command += ["-f", str(script)]
    for name, value in variables.items():
        command += ["-D", f"{name}={value}"]
    command.append(cluster.conninfo("rongqiao_app"))
    process = processes.start(command, stdout=processes.PIPE, stderr=processes.PIPE, text=True)
    try:
        time.sleep(WARM_SECONDS)
        before, begun = cluster.cpu_us(), time.monotonic()
        time.sleep(max(0.5, seconds - EDGE_SECONDS))
        used, elapsed = cluster.cpu_us() - before, time.monotonic() - begun
        output, words = process.communicate(timeout=60)
    finally:
        processes.stop(process)
    rates = [float(rate) for rate in re.findall(r"^progress: .* s, ([\d.]+) tps", words, re.MULTILINE)][WARM_SECONDS:]
    failed = re.search(r"number of failed transactions: (\d+)", output)
    if process.returncode != 0 or not rates or not failed:
        raise SystemExit(f"bench: pgbench failed ({process.returncode})\n{output}{words[-2000:]}")
    rate = sum(rates) / len(rates)
    return {
        "rps": rate,
        "pg_cpu_us": used / max(1.0, rate * elapsed),
        "requests": round(rate * seconds),
        "errors": int(failed.group(1)),
    }
