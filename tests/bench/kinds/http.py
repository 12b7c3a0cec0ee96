"""What a request, a handshake and an idle connection cost besides finance: an authenticated answer from memory over
TLS 1.3 against nginx's "return 200" of the same bytes, full handshakes, and 10,000 connections that wait."""
import http.client
import os
import re
import resource
import socket
import ssl
import statistics
import sys

from support import load, processes, report
from support.nginx import Nginx
from support.stage import DIRECTORY, Stage

PATH = "/v1/reference/catalogue"
CONNECTIONS, IDLE = 64, 10000
WARM_UP_SECONDS = 1
HANDSHAKES = re.compile(r"^(\d+) connections in ([\d.]+) real seconds", re.MULTILINE)


def trusting(stage):
    context = ssl.create_default_context(cafile=stage.server.certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    return context


def answer_of(stage, token):
    """Body and headers of the answer, as nginx is to give them."""
    client = http.client.HTTPSConnection("127.0.0.1", stage.server.port, context=trusting(stage), timeout=10)
    client.request("GET", PATH, headers={"Authorization": f"Bearer {token}"})
    reply = client.getresponse()
    body = reply.read().decode()
    if reply.status != 200:
        raise SystemExit(f"bench: {PATH} answered {reply.status}: {body}")
    own = ("content-length", "content-type", "date", "connection", "server")
    headers = [(name, value) for name, value in reply.getheaders() if name.lower() not in own]
    client.close()
    return body, headers


def handshakes(stage, who, seconds):
    """Full handshakes a second by as many clients as there are CPUs, and the server's CPU time for one."""
    command = ["openssl", "s_time", "-connect", f"127.0.0.1:{who.port}", "-new", "-time", str(seconds), "-CAfile",
               stage.server.certificate]
    before = who.cpu_us()
    clients = [processes.start(command, stdout=processes.PIPE, stderr=processes.PIPE, text=True) for _ in range(stage.cpus)]
    try:
        outputs = [client.communicate(timeout=seconds + 60)[0] for client in clients]
    finally:
        for client in clients:
            processes.stop(client)
    used = who.cpu_us() - before
    found = [HANDSHAKES.search(output) for output in outputs]
    if not all(found):
        raise SystemExit(f"bench: s_time failed\n{outputs}")
    count = sum(int(one.group(1)) for one in found)
    rate = sum(int(one.group(1)) / float(one.group(2)) for one in found)
    return {"rps": rate, "server_cpu_us": used / count, "errors": 0, "requests": count}


def idle(stage, who):
    """Bytes of the server's own memory for each of many connections that have shaken hands and wait."""
    context, clients = trusting(stage), []
    before = who.memory_bytes()
    try:
        for _ in range(IDLE):
            client = context.wrap_socket(socket.create_connection(("127.0.0.1", who.port), timeout=30))
            clients.append(client)
        clients[-1].sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        if not clients[-1].recv(64).startswith(b"HTTP/1.1 200"):
            raise SystemExit("bench: the last of the idle connections got no answer")
        return (who.memory_bytes() - before) / IDLE
    finally:
        for client in clients:
            client.close()


def measure(stage, nginx):
    def ask(who):
        return lambda seconds: load.wrk_peer(who, None, DIRECTORY / "targets", CONNECTIONS, seconds, threads=1)

    def greet(who):
        return lambda seconds: handshakes(stage, who, seconds)

    rows = [("request", "an answer from memory", ask(stage.server)),
            ("nginx_request", "nginx, return 200 of the same bytes", ask(nginx)),
            ("handshake", "a full handshake", greet(stage.server)),
            ("nginx_handshake", "nginx, a full handshake", greet(nginx))]
    runs = {name: [] for name, _, _ in rows}
    for _, _, run in rows:
        run(WARM_UP_SECONDS)
    for at in range(stage.options.runs):
        print(f"run {at + 1} of {stage.options.runs}", file=sys.stderr)
        for name, _, run in rows:
            stage.server.empty_log()
            runs[name].append(run(stage.options.seconds))
    return runs, [(name, words, report.medians(runs[name])) for name, words, _ in rows]


def ratio(runs, name, peer, key):
    """The median of the runs' own ratios: what disturbs a run disturbs both sides of it."""
    return statistics.median(a[key] / b[key] for a, b in zip(runs[name], runs[peer]))


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with Stage(__doc__) as stage:
        token = next(iter(stage.world.people.values())).token
        body, headers = answer_of(stage, token)
        stage.write("targets", f"{token}\t{PATH}\n")
        with Nginx(stage.server, body, headers) as nginx:
            runs, rows = measure(stage, nginx)
            nginx_idle = idle(stage, nginx)
        idle_bytes = idle(stage, stage.server)
        report.table([(words, figures) for _, words, figures in rows])
        line = {"kind": "http", "runs": stage.options.runs, "cpus": os.cpu_count(), "body_bytes": len(body),
                "cpu_ratio_nginx": ratio(runs, "request", "nginx_request", "server_cpu_us"),
                "handshake_ratio_nginx": ratio(runs, "nginx_handshake", "handshake", "server_cpu_us"),
                "handshake_rate_ratio_nginx": ratio(runs, "handshake", "nginx_handshake", "rps"),
                "idle_bytes_per_connection": idle_bytes, "nginx_idle_bytes_per_connection": nginx_idle}
        for name, _, figures in rows:
            line[f"{name}_cpu_us"] = figures["server_cpu_us"]
            line[f"{name}_per_s"] = figures["rps"]
        line["errors"] = sum(figures["errors"] for _, _, figures in rows)
        report.last_line(line)
    return 1 if line["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
