"""The spine: posting needs and reading needs and matches over TLS, beside the floors that bound them in the same run:
an answer without a database (/livez), the same statements without the server (pgbench), and "select 1"."""
import os
import statistics
import sys

from support import load, report
from support.stage import Stage, statement

FIRST_NEEDS = 1200
# Sets of parameters for pgbench, each of another enterprise. Few, because each is a statement of its own to pgbench,
# and PostgreSQL plans the first five executions of a statement anew.
VARIANTS = 2
WARM_UP_SECONDS = 1
# Connections to PostgreSQL of each worker (deploy/rongqiao.conf), and workers as a default server has them.
READ_CONNECTIONS, WRITE_CONNECTIONS = 1, 2
WORKERS = os.cpu_count() or 1
# Needs as the server stored them: the parameters of the same statements. An argument may have 128 KiB.
STORED = """
select distinct on (n.enterprise_id) n.enterprise_id, n.id, n.amount_fen,
    jsonb_strip_nulls(jsonb_build_object('kinds', n.kinds, 'amount_fen', n.amount_fen,
        'amount_min_fen', n.amount_min_fen, 'term_months', n.term_months, 'max_rate_ppm', n.max_rate_ppm,
        'purpose', n.purpose, 'repayments', n.repayments, 'collateral', n.collateral, 'facts', n.facts)),
    m.input, m.result, m.digest,
    (select jsonb_build_object('catalogue_version', m.catalogue_version, 'weights_version', m.weights_version,
            'considered', m.considered, 'eligible_total', m.eligible_total, 'unknown_total', m.unknown_total,
            'near_total', m.near_total, 'packages', jsonb_agg(to_jsonb(x)))
        from match x where x.run_id = m.id and x.province = m.province)
from need n join match_run m on m.need_id = n.id and m.province = n.province
where octet_length(m.result) < 120000
order by n.enterprise_id, n.id
limit {count}
"""
# A need names its repeats of 30 days (same enterprise, kinds and size of amount). pgbench repeats the same few: it
# varies the amount, and its needs are no repeats for the next run.
VARY = "\\set amount int(:amount{at} * exp(random(0, 4000) / 1000.0))\n"
FORGET = """
update need set fingerprint = id::text
where id in (select case_id from audit_event where request_id = 'pgbench' and kind = 'need') and fingerprint <> id::text
"""
PARAMETERS = ("user", "org", "need", "amount", "input", "facts", "result", "digest", "packages")


class Pgbench:
    """The server's statements, [session/enter] and the request's own in one transaction, without the server."""

    def __init__(self, stage):
        self.cluster = stage.cluster
        self.variables, self.posts, self.reads = {}, [], []
        for at, (enterprise, need, *rest) in enumerate(stage.cluster.rows(STORED.format(count=VARIANTS))):
            values = (stage.world.people[enterprise].user_id, enterprise, need, *rest)
            names = {name: f"{name}{at}" for name in PARAMETERS}
            self.variables.update(zip(names.values(), values))
            self.posts.append(stage.write(f"pgbench-post-{at}", VARY.format(at=at) + self._post(names)))
            self.reads.append(stage.write(f"pgbench-read-{at}", self._read(names)))
        self.one = stage.write("pgbench-one", "select 1;\n")

    @staticmethod
    def _enter(names, *act):
        """As the need's enterprise; to act, if `act` says how: request, action, key, fingerprint."""
        return statement("session/enter" if act else "session/enter-reading",
                         [f":{names['user']}", "'enterprise'", f":{names['org']}", "'enterprise'", "''", *act])

    def _post(self, names):
        varied = f"jsonb_set(:{names['input']}::jsonb, '{{amount_fen}}', to_jsonb(:amount::bigint))"
        create = statement("needs/create", [varied, *(f":{names[name]}" for name in ("result", "facts", "digest", "packages"))])
        return ("\\set key random(1, 9000000000000000000)\n\\startpipeline\n"
                + self._enter(names, "'pgbench'", "'create'", ":key", "'pgbench'") + create + "\\endpipeline\n")

    def _read(self, names):
        return ("\\startpipeline\n" + self._enter(names) + statement("needs/get", [f":{names['need']}"]) + "\\endpipeline\n")

    def run(self, scripts, clients, seconds):
        figures = load.pgbench(self.cluster, scripts, self.variables, clients, seconds)
        self.cluster.sql(FORGET)
        return figures


def series(stage, pgbench):
    """Name, words and run of each figure, in the order of the table."""
    def both(name, words, measure):
        return [(f"{name}_c16", f"{words}, 16 connections", lambda seconds: measure(16, seconds)),
                (name, f"{words}, 64 connections", lambda seconds: measure(64, seconds))]

    reads, writes = WORKERS * READ_CONNECTIONS, WORKERS * WRITE_CONNECTIONS
    return [
        *both("post", "POST /v1/needs", stage.post),
        *both("read", "GET /v1/needs/{id}", lambda connections, seconds: stage.read("", connections, seconds)),
        *both("matches", "GET /v1/needs/{id}/matches",
              lambda connections, seconds: stage.read("/matches", connections, seconds)),
        *both("livez", "GET /livez", lambda connections, seconds: stage.get(["-\t/livez\n"], connections, seconds)),
        ("pgbench_post", f"pgbench, the post's statements, {writes} clients",
         lambda seconds: pgbench.run(pgbench.posts, writes, seconds)),
        ("pgbench_read", f"pgbench, the read's statements, {reads} clients",
         lambda seconds: pgbench.run(pgbench.reads, reads, seconds)),
        ("pgbench_one_writes", f"pgbench, select 1, {writes} clients",
         lambda seconds: pgbench.run([pgbench.one], writes, seconds)),
        ("pgbench_one_reads", f"pgbench, select 1, {reads} clients",
         lambda seconds: pgbench.run([pgbench.one], reads, seconds)),
    ]


def measure(stage):
    """Runs of all figures in turn, so that what disturbs the machine for a while disturbs all of them."""
    stage.world.post_needs(FIRST_NEEDS)
    stage.write_bodies()
    rows = series(stage, Pgbench(stage))
    runs = {name: [] for name, _, _ in rows}
    for _, _, run in rows:
        run(WARM_UP_SECONDS)
    for at in range(stage.options.runs):
        print(f"run {at + 1} of {stage.options.runs}", file=sys.stderr)
        for name, _, run in rows:
            runs[name].append(run(stage.options.seconds))
    return [(name, words, report.medians(runs[name])) for name, words, _ in rows]


def ratios(found):
    return {
        "ratio_post_pgbench": found["post"]["rps"] / found["pgbench_post"]["rps"],
        "ratio_read_pgbench": found["read"]["rps"] / found["pgbench_read"]["rps"],
        "ratio_read_select1": found["read"]["rps"] / found["pgbench_one_reads"]["rps"],
        "ratio_post_select1": found["post"]["rps"] / found["pgbench_one_writes"]["rps"],
        "ratio_post_livez_cpu": found["post"]["server_cpu_us"] / found["livez"]["server_cpu_us"],
        "ratio_read_livez_cpu": found["read"]["server_cpu_us"] / found["livez"]["server_cpu_us"],
        "ratio_matches_livez_cpu": found["matches"]["server_cpu_us"] / found["livez"]["server_cpu_us"],
        "ratio_post_pgbench_pg_cpu": found["post"]["pg_cpu_us"] / found["pgbench_post"]["pg_cpu_us"],
        "ratio_read_pgbench_pg_cpu": found["read"]["pg_cpu_us"] / found["pgbench_read"]["pg_cpu_us"],
    }


def last_line(stage, found):
    keys = ("rps", "p50_ms", "p99_ms", "server_cpu_us", "pg_cpu_us")
    line = {"kind": "spine", "runs": stage.options.runs, "seconds": stage.options.seconds, "cpus": stage.cpus,
            "products": stage.world.products, "needs": int(stage.cluster.sql("select count(*) from need"))}
    for name, figures in found.items():
        for key in keys:
            if key in figures and not (key == "pg_cpu_us" and name.startswith("livez")):
                line[f"{name}_{key}"] = figures[key]
    line["livez_cpu_us"] = line.pop("livez_server_cpu_us")
    line["others_cpu_share"] = statistics.median(found[name]["others"] for name in ("post", "read", "matches", "livez"))
    line["errors"] = sum(figures["errors"] for figures in found.values())
    return {**line, **ratios(found)}


def main():
    with Stage(__doc__) as stage:
        rows = measure(stage)
        found = {name: figures for name, _, figures in rows}
        line = last_line(stage, found)
        report.table([(words, figures) for _, words, figures in rows])
        print()
        for name, ratio in ratios(found).items():
            print(f"{name} {ratio:.2f}")
        print(f"used by other processes: {line['others_cpu_share']:.0%} of {stage.cpus} CPUs; "
              f"{line['products']:,} products, {line['needs']:,} needs at the end")
        report.last_line(line)
    return 1 if line["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
