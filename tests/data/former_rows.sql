-- Copies a need that ended, its match, its trail and who looked at it into a month before this one: test.rows times,
-- test.month (YYYY-MM) and test.need. What the server did of itself (moves, seals) is not done again, but the trail's
-- rows wait for their seal like any.
begin;
set local session_replication_role = replica;
create temp table copy on commit drop as
select i, (left(app.month_floor('uuid', (current_setting('test.month') || '-15')::date), 8)
        || substr(md5(random()::text), 9, 4) || '7' || substr(md5(random()::text), 1, 19))::uuid as need,
    (left(app.month_floor('uuid', (current_setting('test.month') || '-15')::date), 8)
        || substr(md5(random()::text), 9, 4) || '7' || substr(md5(random()::text), 1, 19))::uuid as run
from generate_series(1, current_setting('test.rows')::int) i;
insert into need select (jsonb_populate_record(n, jsonb_build_object('id', c.need, 'run_id', c.run, 'state', 'closed',
    'deadline_at', null, 'request_no', 'COPY-' || c.need))).*
from copy c, need n where n.id = current_setting('test.need')::uuid;
insert into match_run select (jsonb_populate_record(m, jsonb_build_object('id', c.run, 'need_id', c.need))).*
from copy c, need n join match_run m on m.id = n.run_id where n.id = current_setting('test.need')::uuid;
insert into match select (jsonb_populate_record(m, jsonb_build_object('run_id', c.run, 'need_id', c.need))).*
from copy c, need n join match m on m.run_id = n.run_id where n.id = current_setting('test.need')::uuid;
insert into audit_event select (jsonb_populate_record(a, jsonb_build_object('id', c.run, 'case_id', c.need))).*
from copy c, audit_event a
where a.id = (select id from audit_event where case_id = current_setting('test.need')::uuid order by id limit 1);
insert into audit_waiting (id, province)
select e.id, e.province from copy c join audit_event e on e.id = c.run;
insert into enterprise_view select (jsonb_populate_record(v, jsonb_build_object('id', c.run, 'subject_id', c.need,
    'day', current_setting('test.month') || '-15'))).*
from copy c, enterprise_view v
where v.id = (select id from enterprise_view where subject_id = current_setting('test.need')::uuid order by id limit 1);
commit;
