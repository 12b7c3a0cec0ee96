"""What every kind of benchmark begins with: its options, a cluster, a server, data; and the loads that kinds share."""
import argparse
import json
import os
import random
import signal
import sys
import uuid

from support import ROOT, load
from support.cluster import Cluster
from support.server import Server
from support.world import World

DIRECTORY = ROOT / "build/bench"
STATEMENTS = ROOT / "server/sql"
BODIES = 5000
TARGETS = 5000
LEAST = {"runs": 1, "seconds": 1, "products": 0, "enterprises": 16, "seed": 0, "needs": 10000}
DEFAULTS = {"runs": 5, "seconds": 5, "products": 1000, "enterprises": 300, "seed": 14, "needs": 1000000}


def read_options(description):
    parser = argparse.ArgumentParser(description=description)
    for name, value in DEFAULTS.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    for name, least in LEAST.items():
        if getattr(options, name) < least:
            parser.error(f"--{name} must be at least {least}")
    return options


def statement(name, parameters):
    """The text of one of the server's statements with `parameters` in place of $1, $2 ..."""
    text = (STATEMENTS / f"{name}.sql").read_text(encoding="utf-8")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    for at in range(len(parameters), 0, -1):
        text = text.replace(f"${at}", parameters[at - 1])
    return text + ";\n"


def on_terminate(*_):
    raise SystemExit("bench: stopped by a signal")


class Stage:
    """Entered with everything running and loaded; leaves nothing running."""

    def __init__(self, description):
        self.options = read_options(description)
        self.cpus = len(os.sched_getaffinity(0))
        self.draw = random.Random(self.options.seed)

    def __enter__(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, on_terminate)
        DIRECTORY.mkdir(parents=True, exist_ok=True)
        self.cluster = Cluster(DIRECTORY)
        self.server = Server(DIRECTORY, self.cluster)
        try:
            self.cluster.__enter__()
            self.server.__enter__()
            self.world = World(self.server, self.cluster, self.options.seed, self.options.products,
                               self.options.enterprises)
        except BaseException:
            self.__exit__()
            raise
        print(f"loaded; the server is process {self.server.process.pid}, PostgreSQL {self.cluster.process.pid}",
              file=sys.stderr)
        return self

    def __exit__(self, *_):
        self.server.__exit__()
        self.cluster.__exit__()

    def write(self, name, text):
        path = DIRECTORY / name
        path.write_text(text, encoding="utf-8")
        return path

    # Loads, each one run: the figures of support.load.

    def write_bodies(self):
        """The bodies that post() sends."""
        people = list(self.world.people.values())
        lines = [f"{people[at % len(people)].token}\t{json.dumps(self.world.maker.need(), separators=(',', ':'))}\n"
                 for at in range(BODIES)]
        self.draw.shuffle(lines)
        self.write("bodies", "".join(lines))

    def post(self, connections, seconds):
        arguments = [str(DIRECTORY / "bodies"), "/v1/needs", uuid.uuid4().hex, str(self.draw.randrange(BODIES))]
        return load.wrk(self.server, self.cluster, "post.lua", arguments, connections, seconds, self.cpus)

    def read(self, suffix, connections, seconds):
        """Gets /v1/needs/{id}`suffix` of needs all over the table, each as its own enterprise."""
        return self.get(self.need_targets(suffix), connections, seconds)

    def need_targets(self, suffix=""):
        """Lines for get.lua."""
        rows = self.cluster.rows(f"select enterprise_id, id from need order by md5(id::text) limit {TARGETS}")
        return [f"{self.world.people[enterprise].token}\t/v1/needs/{need}{suffix}\n" for enterprise, need in rows]

    def get(self, targets, connections, seconds):
        path = self.write("targets", "".join(targets))
        return load.wrk(self.server, self.cluster, "get.lua", [str(path)], connections, seconds, self.cpus)
