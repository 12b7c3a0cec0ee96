"""The matching engine at national scale: a match at 10,000, 100,000 and 1,000,000 products of a made-up market, against
the same rules as one indexed, prepared SQL statement in PostgreSQL with the same set of results, and against streaming
once through the columns; and how long a changed product takes until every worker sees it, on two instances, with
100,000 products listed."""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

from support import ROOT, processes, report
from support.cluster import BINARIES, Cluster
from support.native import build
from support.server import Server

DIRECTORY = ROOT / "build/bench/match"
FILES = ROOT / "tests/bench"
PRODUCTS, NEEDS, ROUNDS = 100000, 40, 12
INDEXES = """
create index product_shelf on product (kind, province);
cluster product using product_shelf;
create index product_partner on product (kind, province) where kind in (11, 12);
analyze product;
"""
EVERYTHING = """select id, case when fails > 0 then 2 when lacks then 1 else 0 end, fails from judged where fails <= 2;
"""
# The counts, and the first 20, 10 and 10 by what the score owes to the record: less than a match tells.
SHOWN = """select (count(*) filter (where fails = 0 and not lacks)), (count(*) filter (where fails = 0 and lacks)),
    (count(*) filter (where fails in (1, 2))),
    (array_agg(id order by merit desc, id) filter (where fails = 0 and not lacks))[:20],
    (array_agg(id order by merit desc, id) filter (where fails = 0 and lacks))[:10],
    (array_agg(id order by fails, merit desc, id) filter (where fails in (1, 2)))[:10]
from judged;
"""


def files_of_the_peer(program, runs, seed):
    """Exports products, needs and expected results; gives the engine's time for these needs."""
    out = processes.run([program, "export", runs, seed, str(PRODUCTS), str(NEEDS), DIRECTORY], 600)
    return json.loads(out.splitlines()[-1])["engine_us"]


class Peer:
    """The statement in a cluster of its own database."""

    def __init__(self, cluster):
        self.cluster = cluster
        cluster.sql("create database peer", "postgres")
        self.sql((FILES / "match_table.sql").read_text())
        processes.run([BINARIES / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo(), "-c",
                       f"\\copy product from '{DIRECTORY}/products.tsv'"], 300)
        self.sql(INDEXES)
        self.judged = (FILES / "match.sql").read_text()

    def conninfo(self):
        return self.cluster.conninfo("postgres", "peer")

    def sql(self, text):
        return self.cluster.sql(text, "peer")

    def script(self, need, tail, name):
        path = DIRECTORY / name
        path.write_text((DIRECTORY / f"need-{need}.sql").read_text() + self.judged + tail)
        return path

    def results(self, need):
        """(id, class, fails) of every product that a match would show."""
        variables = dict(line.split()[1:] for line in (DIRECTORY / f"need-{need}.sql").read_text().splitlines())
        arguments = [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
        out = processes.run([BINARIES / "psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", *arguments, "-d",
                             self.conninfo(), "-f", "-"], 120, input=self.judged + EVERYTHING)
        return {tuple(line.split("\t")) for line in out.splitlines()}

    def measure(self, mode):
        """CPU of the cluster for one execution, in µs, over all needs; `mode`: plan_cache_mode."""
        scripts = [self.script(need, SHOWN, f"peer-{need}.sql") for need in range(NEEDS)]
        options = [part for script in scripts for part in ("-f", script)]
        environment = {**os.environ, "PGOPTIONS": f"-c jit=off -c max_parallel_workers_per_gather=0 "
                                                  f"-c plan_cache_mode={mode} -c work_mem=64MB"}

        def run(transactions):
            before = self.cluster.cpu_us()
            processes.run([BINARIES / "pgbench", "-n", "-M", "prepared", "-c", "1", "-t", str(transactions), *options,
                           self.conninfo()], 600, env=environment)
            return self.cluster.cpu_us() - before
        # Scripts are drawn at random; what a session costs besides its executions cancels out of the difference.
        short, long = run(NEEDS * 2), run(NEEDS * (2 + ROUNDS))
        return (long - short) / (NEEDS * ROUNDS)


def check(peer):
    """The engine and the statement agree on every product of every need, or the benchmark fails."""
    expected = {need: set() for need in range(NEEDS)}
    for line in (DIRECTORY / "expected.tsv").read_text().splitlines():
        need, *row = line.split("\t")
        expected[int(need)].add(tuple(row))
    for need, rows in expected.items():
        found = peer.results(need)
        if found != rows:
            raise SystemExit(f"bench: need {need}: {len(rows - found)} results only of the engine, "
                             f"{len(found - rows)} only of SQL, {sorted(rows ^ found)[:4]}")
    return sum(len(rows) for rows in expected.values())


# ---- until a change is seen ----

LISTED = """
set session_replication_role = replica;
insert into institution (id, kind, name_zh, region_code)
select app.uuid_v7(), 'bank', 'bench ' || i, '330000' from generate_series(1, 100) i;
"""


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
        engine = [files_of_the_peer(program, runs, seed)]
        peer = Peer(cluster)
        print(f"{check(peer)} results of {NEEDS} needs: the same in SQL")
        modes = ("force_generic_plan", "force_custom_plan")
        times = {mode: [peer.measure(mode)] for mode in modes}
        best = min(modes, key=lambda mode: times[mode][0])
        for _ in range(int(runs) - 1):
            times[best].append(peer.measure(best))
            engine.append(files_of_the_peer(program, runs, seed))
        sql_us, engine_us = statistics.median(times[best]), statistics.median(engine)
        print(f"SQL {sql_us:,.0f} µs a match ({best}), the engine {engine_us:.1f} µs for the same needs")
    figures = {"ratio_sql_100k": sql_us / engine_us, "sql_us_100k": sql_us, **figures}
    report.last_line(figures)


if __name__ == "__main__":
    sys.exit(main())
