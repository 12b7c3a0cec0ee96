"""Holds the book against what was acknowledged: each deed there exactly once, no transition half done."""
from dataclasses import dataclass

# Everything in one snapshot. `acked` has what writers were told; the rest is looked up by key and id.
CHECKS = """
create temp view lost as
select key from acked a where not exists (
    select from idempotency i
    where i.user_id = a.user_id and i.key = a.key and md5(convert_to(i.body, 'UTF8')) = a.digest)
union
select key from acked a where not case kind
    when 'need' then exists (select from need n where n.id = a.id and n.purpose_detail = a.key)
    when 'application' then exists (select from application p where p.id = a.id and p.note = a.key)
    else exists (select from audit_event e where e.case_id = a.id and e.action = 'withdraw') end;

create temp view doubled as
select key from acked a join need n on n.purpose_detail = a.key and a.kind = 'need' group by key having count(*) > 1
union all
select key from acked a join application p on p.note = a.key and a.kind = 'application' group by key having count(*) > 1
union all
select key from acked a join audit_event e on e.case_id = a.id and e.action = 'withdraw' and a.kind = 'withdraw'
group by key having count(*) > 1;

-- A case's moves are a path from its beginning to its state, in whatever order the clock puts them: each state is
-- entered as often as it is left, but for the first and the last.
create temp view half_done as
with cases as (
    select id, state from need where id in (select id from acked)
    union all
    select id, state from application where id in (select id from acked)
), steps as (
    select case_id as id, to_state as state, 1 as n from audit_event where case_id in (select id from acked)
    union all
    select case_id, coalesce(from_state, '-'), -1 from audit_event where case_id in (select id from acked)
    union all
    select id, '-', 1 from cases
    union all
    select id, state, -1 from cases
)
select id::text from steps group by id, state having sum(n) <> 0
union
select n.id::text from need n where n.id in (select id from acked)
    and (select count(*) from match_run m where m.need_id = n.id) <> 1;

-- Once nobody writes any more: what no writer was told of.
create temp view unasked as
select id::text from need where purpose_detail like '________-____-4___-____-____________'
    and purpose_detail not in (select key from acked)
union all
select id::text from application where note not in (select key from acked)
union all
select key from idempotency where key not in (select key from acked)
    and user_id in (select user_id from acked);
"""
COUNT = "select count(*), coalesce(min({column}::text), '') from {view};\n"
VIEWS = (("lost", "key"), ("doubled", "key"), ("half_done", "id"), ("unasked", "id"))


@dataclass
class Verdict:
    lost: int
    doubled: int
    half_done: int
    unasked: int
    samples: list

    def is_clean(self):
        return not (self.lost or self.doubled or self.half_done or self.unasked)


def check(postgres, deeds, is_quiet=False, tampering=""):
    """The verdict on `deeds`. `tampering` is SQL that is done before, and undone after."""
    lines = "".join(f"{deed.kind}\t{deed.user}\t{deed.key}\t{deed.id}\t{deed.digest}\n" for deed in deeds)
    views = VIEWS if is_quiet else VIEWS[:3]
    found = postgres.rows(
        "begin isolation level repeatable read;\n"
        "create temp table acked (kind text, user_id uuid, key text collate \"C\", id uuid, digest text);\n"
        f"copy acked from stdin;\n{lines}\\.\n"
        "create index on acked (key); create index on acked (id); analyze acked;\n"
        f"{tampering}\n{CHECKS}"
        + "".join(COUNT.format(view=view, column=column) for view, column in views) + "rollback;\n")
    counts = [int(count) for count, _ in found] + [0] * (len(VIEWS) - len(found))
    return Verdict(*counts, [f"{view} {sample}" for (view, _), (_, sample) in zip(views, found) if sample])


# What a broken book looks like: with each of these the check must find exactly what was done to it. $need, $key and
# $user stand for one acknowledged need.
TAMPERINGS = {
    "a row is dropped": ("delete from need where id = '$need';", (1, 0, 1)),
    "a kept answer is dropped": ("delete from idempotency where user_id = '$user' and key = '$key';", (1, 0, 0)),
    "a row is doubled": ("insert into need select (jsonb_populate_record(n, jsonb_build_object('id', "
                         "gen_random_uuid()))).* from need n where id = '$need';", (0, 1, 0)),
    "a state is changed alone": ("update need set state = 'funded' where id = '$need';", (0, 0, 1)),
    "a match is missing": ("delete from match_run where need_id = '$need';", (0, 0, 1)),
}


def tamper(postgres, deeds):
    """Does each to the book in turn and undoes it; what the check did not find as it should have."""
    deed = next(deed for deed in deeds if deed.kind == "need")
    missed = []
    for name, (sql, expected) in TAMPERINGS.items():
        for mark, value in (("$need", deed.id), ("$key", deed.key), ("$user", deed.user)):
            sql = sql.replace(mark, value)
        verdict = check(postgres, [deed], tampering=f"set local session_replication_role = replica;\n{sql}")
        if (verdict.lost, verdict.doubled, verdict.half_done) != expected:
            missed.append(f"{name}: {verdict}")
    return missed
