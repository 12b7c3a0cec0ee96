"""What 1,000,000 stored needs cost that 10,000 did not: reading and posting at 10,000, 100,000 and 1,000,000 needs with
their matches and their trail, spread over a year of monthly tables; and the bytes on disk of one need."""
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from support import ROOT, report
from support.stage import DEFAULTS, Stage

FIRST_NEEDS, CONNECTIONS, WARM_UP_SECONDS = 1200, 64, 1
STEPS = (100, 10, 1)  # parts of --needs
DEFAULTS["products"] = 100000
MONTHS = 12
PER_ENTERPRISE = 5  # needs of an enterprise that is there only to be many
READ = 5000  # needs that belong to enterprises with a session, about, at the end: those that are read
BATCH = 5000
LOADERS = 2
TABLES = ("need", "match_run", "match", "audit_event", "audit_seal")
# What a copy has of its own; all other columns are its template's.
COPIES = {
    "enterprise": ("copied_enterprise c join enterprise t on t.id = c.like_id",
                   {"id": "c.id", "uscc": "'G' || c.number", "created_at": "c.at"}),
    "need": ("copied c join need t on t.id = c.like_id",
             {"id": "c.need", "enterprise_id": "c.enterprise", "run_id": "c.run", "request_no": "'G-' || c.need",
              "fingerprint": "c.need::text", "created_at": "c.at", "updated_at": "c.at", "state_since": "c.at",
              "matched_at": "c.at", "deadline_at": "null", "state": "case when c.is_old then 'expired' else t.state end",
              "posted_at": "c.at", "first_match_at": "c.at", "repeats": "'{}'"}),
    "match_run": ("copied c join match_run t on t.id = c.like_run",
                  {"id": "c.run", "need_id": "c.need", "created_at": "c.at"}),
    "match": ("copied c join match t on t.run_id = c.like_run", {"run_id": "c.run", "need_id": "c.need"}),
    "audit_event": ("copied c join copied_step s using (number) join audit_event t on t.id = s.like_id",
                    {"id": "s.id", "case_id": "c.need", "at": "c.at"}),
}
PREPARE = """
set test.months = {months};
{former}
alter table need enable always trigger need_written; -- a copy has its own document
create schema bench;
create table bench.template as
select n.id, n.run_id, n.enterprise_id, n.province from need n order by n.id;
create index on bench.template (enterprise_id);
create function bench.uuid_at(p_at timestamptz) returns uuid language sql volatile as $$
    select overlay(gen_random_uuid()::text placing
        substr(lpad(to_hex((extract(epoch from p_at) * 1000)::bigint), 12, '0'), 1, 8) || '-'
        || substr(lpad(to_hex((extract(epoch from p_at) * 1000)::bigint), 12, '0'), 9, 4) || '-7' from 1 for 15)::uuid $$;
"""
BATCH_SQL = """
set session_replication_role = replica;
set synchronous_commit = off;
set enable_hashjoin = off; -- a template's rows are few among many: they are found by their index
set enable_mergejoin = off;
begin;
create temp table copied_enterprise on commit drop as
select g as number, e.id as like_id, app.uuid_v7() as id, now() - random() * interval '{days} days' as at
from generate_series({first}, {first} + {count} / {per_enterprise} - 1) g
join (select id, row_number() over (order by id) - 1 as place, count(*) over () as size from enterprise
      where id in (select enterprise_id from bench.template)) e on e.place = g % e.size;
create temp table copied on commit drop as
select x.*, bench.uuid_at(x.at) as need, bench.uuid_at(x.at) as run, x.at < now() - interval '30 days' as is_old
from (select e.number * {per_enterprise} + i as number, t.id as like_id, t.run_id as like_run,
          case when random() < {read_share} then e.like_id else e.id end as enterprise,
          now() - random() * interval '{days} days' as at
      from copied_enterprise e
      cross join generate_series(0, {per_enterprise} - 1) i
      cross join lateral (select * from bench.template t where t.enterprise_id = e.like_id
          order by md5(t.id::text || e.number || i) limit 1) t
      where i >= 0) x;
create temp table copied_step on commit drop as
select c.number, a.id as like_id, bench.uuid_at(c.at) as id, c.at
from copied c join audit_event a on a.case_id = c.like_id;
{inserts}
insert into audit_seal (n, event_id, province, algorithm, hash, sealed_at)
select nextval('bench.seal'), s.id, a.province, 'sha256', sha256(s.id::text::bytea), s.at
from copied_step s join audit_event a on a.id = s.id;
commit;
"""


class Growth:
    """Makes the book as large as it would be after a while. The rows are copies of needs that were posted over the API."""

    def __init__(self, stage, most):
        self.cluster, self.server = stage.cluster, stage.server
        self.read_share = min(1.0, READ / most)
        self.number = 0
        former = (ROOT / "tests/data/former_months.sql").read_text(encoding="utf-8")
        self.server.stop()
        self.cluster.sql(PREPARE.format(months=MONTHS, former=former))
        self.cluster.sql("create sequence bench.seal")
        self.server.start()
        self.inserts = "".join(self._insert(table, *COPIES[table]) for table in COPIES)

    def _insert(self, table, source, own):
        columns = [row[0] for row in self.cluster.rows(
            f"select attname from pg_attribute where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped "
            f"and attgenerated = '' order by attnum")]
        values = ", ".join(own.get(column, f"t.{column}") for column in columns)
        return f"insert into {table} ({', '.join(columns)}) select {values} from {source};\n"

    def needs(self):
        return int(self.cluster.sql("select count(*) from need"))

    def _batch(self, first, count):
        self.cluster.sql(BATCH_SQL.format(days=30 * MONTHS, first=first, count=count, per_enterprise=PER_ENTERPRISE,
                                          read_share=self.read_share, inserts=self.inserts), timeout=900)

    def grow(self, target):
        """With the server away, whose sealer would not know of these seals."""
        begun = time.monotonic()
        self.server.stop()
        self.cluster.sql("select setval('bench.seal', max(n)) from audit_seal")
        missing = target - self.needs()
        with ThreadPoolExecutor(LOADERS) as pool:
            batches = []
            while missing > 0:
                count = min(BATCH, missing) // PER_ENTERPRISE * PER_ENTERPRISE or PER_ENTERPRISE
                batches.append(pool.submit(self._batch, self.number, count))
                self.number += count // PER_ENTERPRISE
                missing -= count
            try:
                for batch in batches:
                    batch.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)  # a signal need not wait for what has not begun
                raise
        self.cluster.sql("vacuum analyze", timeout=3600)
        self.cluster.sql("checkpoint", timeout=3600)
        self.server.start()
        print(f"{self.needs():,} needs after {time.monotonic() - begun:.0f} s, {self.bytes() / 2**30:.2f} GiB",
              file=sys.stderr)

    def bytes(self):
        return int(self.cluster.sql(
            "select sum(pg_total_relation_size(r.relid)) from unnest(array['" + "','".join(TABLES) + "']) t (name), "
            "lateral (select relid from pg_partition_tree(t.name::regclass) union select t.name::regclass) r"))


def scans(cluster):
    """Sequential scans of what grows, by table."""
    return dict(cluster.rows("select coalesce(t.name, s.relname), sum(s.seq_scan) from pg_stat_user_tables s "
                             "left join month_table t on s.relname ~ ('^' || t.name || '_[0-9]{4}_[0-9]{2}$') "
                             "where s.n_live_tup > 1000 group by 1"))


def targets(stage):
    """Needs all over the book whose enterprises have a session."""
    people = "','".join(stage.world.people)
    rows = stage.cluster.rows(f"select enterprise_id, id from need where enterprise_id in ('{people}') "
                              f"order by md5(id::text) limit {READ}")
    return [f"{stage.world.people[enterprise].token}\t/v1/needs/{need}\n" for enterprise, need in rows]


def measure(stage, target, growth):
    growth.grow(target)
    needs, size, lines = growth.needs(), growth.bytes(), targets(stage)
    stage.get(lines, CONNECTIONS, WARM_UP_SECONDS)
    stage.post(CONNECTIONS, WARM_UP_SECONDS)
    runs, before = {"read": [], "post": []}, scans(stage.cluster)
    for at in range(stage.options.runs):
        print(f"{needs:,} needs: run {at + 1} of {stage.options.runs}", file=sys.stderr)
        runs["read"].append(stage.get(lines, CONNECTIONS, stage.options.seconds))
        runs["post"].append(stage.post(CONNECTIONS, stage.options.seconds))
    found = {name: int(count) - int(before.get(name, 0)) for name, count in scans(stage.cluster).items()}
    return {"needs": needs, "bytes": size, "scans": {name: count for name, count in found.items() if count}, "read": report.medians(runs["read"]), "post": report.medians(runs["post"])}


def main():
    with Stage(__doc__) as stage:
        stage.world.post_needs(FIRST_NEEDS)
        stage.write_bodies()
        growth = Growth(stage, stage.options.needs)
        levels = [measure(stage, stage.options.needs // step, growth) for step in STEPS]
        report.table([(f"{words}, {level['needs']:,} needs", level[name]) for name, words in
                      (("read", "GET /v1/needs/{id}"), ("post", "POST /v1/needs")) for level in levels])
        first, last = levels[0], levels[-1]
        line = {"kind": "growth", "runs": stage.options.runs, "seconds": stage.options.seconds, "cpus": stage.cpus,
                "products": stage.world.products, "needs": [level["needs"] for level in levels],
                "scans": last["scans"], "bytes_per_need": (last["bytes"] - first["bytes"]) // (last["needs"] - first["needs"])}
        for name in ("read", "post"):
            line[f"{name}_growth"] = first[name]["rps"] / last[name]["rps"]
            line[f"{name}_cpu_growth"] = (sum(last[name][key] for key in ("server_cpu_us", "pg_cpu_us"))
                                          / sum(first[name][key] for key in ("server_cpu_us", "pg_cpu_us")))
            for key in ("rps", "p50_ms", "p99_ms", "server_cpu_us", "pg_cpu_us"):
                line[f"{name}_{key}"] = [round(level[name][key], 2) for level in levels]
        line["errors"] = sum(level[name]["errors"] for level in levels for name in ("read", "post"))
        report.last_line(line)
    return 1 if line["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
