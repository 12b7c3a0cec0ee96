"""nginx and HAProxy as deploy/ has them, with this machine's ports and files put in, and nginx as the oracle: each
tells which requests it passed on."""
import json
import os
import pwd
import re
import signal
import socket
from collections import namedtuple

from support import ROOT, processes

Passed = namedtuple("Passed", "method path")
NGINX = "/usr/sbin/nginx"
HAPROXY = "/usr/sbin/haproxy"
MODULES = "/usr/lib/nginx/modules"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def shipped(path, changes):
    """A configuration of deploy/, with each text to be changed really there."""
    text = (ROOT / "deploy" / path).read_text()
    for old, new in changes.items():
        if old not in text:
            raise SystemExit(f"proxy: deploy/{path} has no {old!r} any more")
        text = text.replace(old, new)
    return text


def _listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class _Process:
    """Made on entering, ended on leaving."""

    def __init__(self, directory):
        self.directory, self.port, self.process = directory, free_port(), None
        directory.mkdir()

    def _start(self, arguments):
        with open(self.directory / "output", "wb") as output:
            self.process = processes.start(arguments, stdout=output, stderr=output)
        processes.wait_until(f"no answer (see {self.directory}/output)", 20, lambda: _listens(self.port))

    def __exit__(self, *_):
        processes.stop(self.process, signal.SIGTERM, 5)


NGINX_FRAME = """
{modules}
daemon off;
user {user};
worker_processes 1;
pid {directory}/pid;
error_log {directory}/error.log crit;
events {{ worker_connections 1024; }}
{beside}
http {{
    log_format passed escape=json '{{"method":"$request_method","path":"$request_uri","upstream":"$upstream_addr"}}';
    access_log {directory}/access.log passed;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    {inside}
}}
"""
# It reads a request whole, and has another server tell what it saw of it.
ORACLE = """
    server {{
        listen 127.0.0.1:{port};
        server_name _;
        client_max_body_size 1m;
        large_client_header_buffers 8 32k;
        location / {{ proxy_http_version 1.1; proxy_pass http://unix:{directory}/sink:; }}
    }}
    server {{
        listen unix:{directory}/sink;
        access_log off;
        location / {{ return 200 ok; }}
    }}
"""


class Nginx(_Process):
    def __init__(self, directory, inside="", beside=""):
        super().__init__(directory)
        self.inside, self.beside = inside, beside

    def __enter__(self):
        words = {"directory": self.directory, "port": self.port}
        configuration = self.directory / "nginx.conf"
        configuration.write_text(NGINX_FRAME.format(
            modules=f"load_module {MODULES}/ngx_stream_module.so;" if self.beside else "",
            user=pwd.getpwuid(os.geteuid()).pw_name, inside=self.inside.replace("<port>", str(self.port)),
            beside=self.beside.replace("<port>", str(self.port)), **words))
        self._start([NGINX, "-c", configuration, "-p", self.directory])
        return self

    def passed(self):
        """The requests that were passed on, in order; one that was tried twice is there twice."""
        found = []
        for line in (self.directory / "access.log").read_text(errors="replace").splitlines():
            row = json.loads(line)
            tries = 0 if row["upstream"] in ("", "-") else len(row["upstream"].split(","))
            found += [Passed(row["method"], row["path"])] * tries
        return found


def oracle(directory):
    nginx = Nginx(directory)
    nginx.inside = ORACLE.format(directory=directory, port=nginx.port)
    return nginx


def nginx(directory, server_port, certificate, key):
    return Nginx(directory, shipped("nginx/rongqiao.conf", {
        "listen 443 ssl": "listen 127.0.0.1:<port> ssl",
        "127.0.0.1:8443": f"127.0.0.1:{server_port}",
        "/etc/rongqiao/tls/proxy.pem": str(certificate),
        "/etc/rongqiao/tls/proxy.key": str(key),
        "/etc/rongqiao/tls/server-ca.pem": str(certificate)}))


def nginx_passthrough(directory, server_port):
    return Nginx(directory, beside=shipped("nginx/passthrough.conf", {
        "listen 443": "listen 127.0.0.1:<port>",
        "127.0.0.1:8443": f"127.0.0.1:{server_port}"}))


HAPROXY_LINE = re.compile(r' rongqiao/(\S+) .* "(\S+) (\S+) [^"]*"$')


class Haproxy(_Process):
    def __init__(self, directory, path, server_port, changes):
        super().__init__(directory)
        # A file loses no line; a socket may.
        changes = {"bind :443": f"bind 127.0.0.1:{self.port}", "127.0.0.1:8443": f"127.0.0.1:{server_port}",
                   "log /dev/log local0": "log stdout len 65535 format raw local0", "maxconn 16384": "maxconn 1024",
                   **changes}
        self.configuration = directory / "haproxy.cfg"
        # Whoever may not become another user stays who they are.
        self.configuration.write_text(re.sub(r"\n    (user|group|chroot) .*", "", shipped(path, changes)))

    def __enter__(self):
        self._start([HAPROXY, "-db", "-f", self.configuration])
        return self

    def passed(self):
        """The requests that were passed on, in order."""
        found = []
        for line in (self.directory / "output").read_text(errors="replace").splitlines():
            match = HAPROXY_LINE.search(line)
            if match and match.group(1) != "<NOSRV>":
                found.append(Passed(match.group(2), match.group(3)))
        return found


def haproxy(directory, server_port, certificate, pair):
    return Haproxy(directory, "haproxy/haproxy.cfg", server_port, {
        "/etc/rongqiao/tls/proxy-with-key.pem": str(pair), "/etc/rongqiao/tls/server-ca.pem": str(certificate)})


def haproxy_passthrough(directory, server_port, certificate):
    return Haproxy(directory, "haproxy/passthrough.cfg", server_port,
                   {"/etc/rongqiao/tls/server-ca.pem": str(certificate)})
