"""A match as one prepared SQL statement, over tables made from what bench_match exports: `peer/` has the SQL. Its
answers are compared with the engine's before anything is measured."""
import os

from support import ROOT, processes
from support.cluster import BINARIES

FILES = ROOT / "tests/bench/peer"
# The generic plan is made once, a custom one at every execution.
MODES = ("force_generic_plan", "force_custom_plan")
ROUNDS = 12
CLASSES = """
select s.id, case when j.fails > 0 then 2 when j.lacks then 1 else 0 end, j.fails
from judged j join shelf s on s.ctid = j.row
where j.fails <= 2;
"""
COPY = "\\copy {table} from '{directory}/{table}s.tsv'\n"
NULL = "\\N"


def _text(name):
    return (FILES / name).read_text()


class Peer:
    """The statement in a database of its own, which `directory` with the exported files fills."""

    def __init__(self, cluster, directory, needs):
        self.cluster, self.directory, self.needs = cluster, directory, needs
        cluster.sql("create database peer", "postgres")
        loads = "".join(COPY.format(table=table, directory=directory) for table in ("product", "programme"))
        self._psql((directory / "weights.sql").read_text() + _text("supply.sql") + loads + _text("shelf.sql") +
                   _text("cost.sql"))

    def _conninfo(self):
        return self.cluster.conninfo("postgres", "peer")

    def _psql(self, text):
        out = processes.run([BINARIES / "psql", "-XAtq", "-F", "\t", "-P", f"null={NULL}", "-v", "ON_ERROR_STOP=1",
                             "-d", self._conninfo(), "-f", "-"], 600, input=text)
        return [line.split("\t") for line in out.splitlines()]

    def _variables(self, need):
        return (self.directory / f"need-{need}.sql").read_text()

    def _ask(self, need, end):
        return self._psql((self.directory / "weights.sql").read_text() + self._variables(need) + _text("judge.sql") +
                          end)

    def _expected(self, name):
        rows = {need: [] for need in range(self.needs)}
        for line in (self.directory / name).read_text().splitlines():
            need, *row = line.split("\t")
            rows[int(need)].append(row)
        return rows

    def check(self):
        """How many products and packages were compared. The engine and the statement agree on the class of every
        product and on all that is told of every package, or the benchmark fails."""
        products, packages = self._expected("classes.tsv"), self._expected("packages.tsv")
        for need in range(self.needs):
            _compare(need, "classes", sorted(products[need]), sorted(self._ask(need, CLASSES)))
            found = self._ask(need, _text("answer.sql"))
            totals, shown = packages[need][0][1:], packages[need][1:]
            _compare(need, "totals", [totals], [found[0][:3]])
            _compare(need, "packages", shown, [row[3:] for row in found if row[3] != NULL])
        return sum(map(len, products.values())), sum(len(rows) - 1 for rows in packages.values())

    def measure(self, mode):
        """CPU of the cluster for one execution, in µs, over all needs; `mode`: plan_cache_mode."""
        path = self.directory / "peer.sql"
        path.write_text((self.directory / "weights.sql").read_text() + "".join(
            self._variables(need) + _text("judge.sql") + _text("answer.sql") for need in range(self.needs)))
        environment = {**os.environ, "PGOPTIONS": f"-c jit=off -c max_parallel_workers_per_gather=0 "
                                                  f"-c plan_cache_mode={mode} -c work_mem=64MB"}

        def run(rounds):
            before = self.cluster.cpu_us()
            processes.run([BINARIES / "pgbench", "-n", "-M", "prepared", "-c", "1", "-t", str(rounds), "-f", path,
                           self._conninfo()], 1200, env=environment)
            return self.cluster.cpu_us() - before
        # What a session costs besides its executions, planning once above all, cancels out of the difference.
        short, long = run(2), run(2 + ROUNDS)
        return (long - short) / (self.needs * ROUNDS)


def _compare(need, what, expected, found):
    if expected != found:
        pairs = [pair for pair in zip(expected, found) if pair[0] != pair[1]]
        raise SystemExit(f"bench: need {need}: {what}: {len(expected)} of the engine, {len(found)} of SQL; "
                         f"the first that differ: {pairs[:1]}")
