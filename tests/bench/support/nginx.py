"""nginx with the server's own certificate, answering the same bytes from memory: as many workers, TLS 1.3 alone, a line
of log a request, connections that stay."""
import os
import shutil
import signal
import socket
import tempfile

from support import processes

PROGRAM = "/usr/sbin/nginx"
CONFIGURATION = """
daemon off;
user {user};
worker_processes {workers};
worker_rlimit_nofile 30000;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
events {{ worker_connections 12000; }}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 600;
    server {{
        listen 127.0.0.1:{port} ssl backlog=4096;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.3;
        default_type application/json;
        location / {{ {headers} return 200 '{body}'; }}
    }}
}}
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Nginx:
    """Made on entering, ended and removed on leaving."""

    def __init__(self, server, body, headers):
        self.server, self.body, self.headers = server, body, headers
        self.port, self.directory, self.process = free_port(), None, None

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="rq-nginx-")
        user = processes.unprivileged_user()
        configuration = f"{self.directory}/nginx.conf"
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(
                user=user.pw_name if user else "nobody", workers=os.cpu_count() or 1, directory=self.directory,
                port=self.port, certificate=self.server.certificate, key=self.server.key, body=self.body,
                headers=" ".join(f"add_header {name} \"{value}\";" for name, value in self.headers)))
        self.process = processes.start([PROGRAM, "-c", configuration, "-p", self.directory])
        processes.wait_until("nginx did not listen", 30, self._listens)
        return self

    def __exit__(self, *_):
        processes.stop(self.process, signal.SIGTERM)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def cpu_us(self):
        return processes.family_cpu_us(self.process.pid)

    def memory_bytes(self):
        return processes.family_memory_bytes(self.process.pid)
