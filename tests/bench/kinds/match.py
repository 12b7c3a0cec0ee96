"""The matching engine at national scale: a match at 10,000, 100,000 and 1,000,000 products of a made-up market, against
one indexed, prepared SQL statement in PostgreSQL that gives the same answer, and against streaming once through the
columns; and how long a changed product takes until every worker sees it, on two instances, with
100,000 products listed."""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
import uuid

from support import ROOT, processes, report
from support.cluster import BINARIES, Cluster
from support.native import build
from support.peer import MODES, Peer
from support.server import Server
from support.synthetic import Maker

DIRECTORY = ROOT / "build/bench/match"
PRODUCTS, NEEDS = 100000, 40


def engine_for_the_peer(program, runs, seed):
    """Exports products, needs and the engine's answers; gives the engine's time for these needs, in µs."""
    out = processes.run([program, "export", runs, seed, str(PRODUCTS), str(NEEDS), DIRECTORY], 600)
    return json.loads(out.splitlines()[-1])["engine_us"]


# ---- until a change is seen ----

# What the triggers would write, at once: one version of the catalogue with every product in it.
LISTED = """
set session_replication_role = replica;
create temporary table listed (document jsonb);
\\copy listed from '{file}'
insert into institution (id, kind, name_zh, region_code)
select distinct on (document ->> 'institution_id') (document ->> 'institution_id')::uuid, 'bank',
    '合成机构' || (document ->> 'institution_id'), '330000'
from listed;
insert into product (id, product_no, institution_id, kind, name_zh, document, state)
select (document ->> 'id')::uuid, 'S' || row_number() over (), (document ->> 'institution_id')::uuid, document ->> 'kind',
    document ->> 'name_zh', document - 'id', 'online'
from listed;
insert into product_history (product_id, from_version, document)
select (document ->> 'id')::uuid, (select version + 1 from catalogue), document from listed;
select app.bump_catalogue();
analyze product;
analyze product_history;
"""
CHANGED = """
update product set document = document || jsonb_build_object('promised_hours', {hours})
where id = (select id from product where state = 'online' order by id offset {at} limit 1);
select version from catalogue;
"""


class Session:
    """A psql that stays, so that a statement's answer comes when it is committed and not when a process has ended."""

    def __init__(self, conninfo):
        self.process = processes.start([BINARIES / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", conninfo],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def line(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def stop(self):
        processes.stop(self.process)


def documents(seed, path):
    """Products as the API keeps them, one JSON document a line."""
    maker = Maker(int(seed))
    ids = [str(uuid.UUID(int=maker.random.getrandbits(128), version=4)) for _ in range(2000)]
    institutions = {"bank": ids[:1800], "guarantor": ids[1800:]}
    with open(path, "w", encoding="utf-8") as file:
        for number in range(PRODUCTS):
            item = {**maker.product(number, institutions),
                    "id": str(uuid.UUID(int=maker.random.getrandbits(128), version=4)), "institution_zh": "合成机构"}
            # COPY reads a backslash as the begin of an escape
            file.write(json.dumps(item, ensure_ascii=False).replace("\\", "\\\\") + "\n")


def sees(server, version):
    workers = [value for name, value in server.metrics().items() if name.startswith("catalogue_version{")]
    return bool(workers) and all(value >= version for value in workers)


def measure_visibility(cluster, runs, seed):
    """Milliseconds from the commit of a change until every worker of this instance, and of a second one, matches
    against it. Each instance is asked all the time; asking takes about a millisecond."""
    visible, second = [], []
    folders = [DIRECTORY / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    documents(seed, DIRECTORY / "documents.json")
    with Server(folders[0], cluster) as one:
        one.stop()
        processes.run([BINARIES / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", cluster.conninfo("postgres"), "-f",
                       "-"], 600, input=LISTED.format(file=DIRECTORY / "documents.json"))
        one.start()
        two = Beside(folders[1], cluster, one)
        session = Session(cluster.conninfo("postgres"))
        try:
            for run in range(2 * runs):
                version = int(session.line(CHANGED.format(hours=run + 1, at=run * 7919 % PRODUCTS)))
                end = time.monotonic()
                seen = {}
                while len(seen) < 2:
                    for name, server in (("one", one), ("two", two)):
                        if name not in seen and sees(server, version):
                            seen[name] = (time.monotonic() - end) * 1000
                    if time.monotonic() - end > 60:
                        raise SystemExit("bench: a change was not seen within 60 s")
                visible.append(seen["one"])
                second.append(seen["two"])
                time.sleep(0.2)
        finally:
            session.stop()
            two.stop()
    return statistics.median(visible), statistics.median(second)


class Beside(Server):
    """One more instance on the same database, with the first one's certificate."""

    def __init__(self, directory, cluster, first):
        super().__init__(directory, cluster)
        self.certificate = first.certificate
        self._configure()
        self.environment["RONGQIAO_KEY_FILE"] = first.environment["RONGQIAO_KEY_FILE"]
        self.start()


def main():
    options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    runs, seed = options.get("--runs", "5"), options.get("--seed", "14")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped by a signal"))
    program = build("bench_match")
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    DIRECTORY.mkdir(parents=True)
    out = processes.run([program, "figures", runs, seed], 1800)
    print(out.rpartition("\n{")[0])
    figures = json.loads(out.splitlines()[-1])
    with Cluster(DIRECTORY) as cluster:
        engine = [engine_for_the_peer(program, runs, seed)]
        peer = Peer(cluster, DIRECTORY, NEEDS)
        print("{} products and {} packages of {} needs: the same in SQL".format(*peer.check(), NEEDS))
        times = {mode: [peer.measure(mode)] for mode in MODES}
        best = min(MODES, key=lambda mode: times[mode][0])
        for _ in range(int(runs) - 1):
            times[best].append(peer.measure(best))
            engine.append(engine_for_the_peer(program, runs, seed))
        sql_us, engine_us = statistics.median(times[best]), statistics.median(engine)
        visible, second = measure_visibility(cluster, int(runs), seed)
        print(f"a changed product is seen after {visible:.1f} ms by every worker, {second:.1f} ms on a second instance")
        print(f"SQL {sql_us:,.0f} µs a match ({best}), the engine {engine_us:.1f} µs for the same needs")
    figures = {"ratio_sql_100k": sql_us / engine_us, "sql_us_100k": sql_us, **figures,
               "update_visible_ms": visible, "update_second_instance_ms": second}
    report.last_line(figures)


if __name__ == "__main__":
    sys.exit(main())
