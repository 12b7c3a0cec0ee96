-- How the jobs do: when each ran last, what it did, and when it is due.
-- lane: read
-- parameters:
select 200, jsonb_build_object('as_of', now(), 'items', jsonb_agg(jsonb_build_object('name', j.name, 'name_zh', j.name_zh,
        'name_en', j.name_en, 'interval_ms', j.interval_ms, 'last_at', j.last_at, 'last_result', j.last_result,
        'moved_at', j.moved_at, 'moved', j.moved,
        'next_at', j.last_at + j.interval_ms * interval '1 millisecond',
        -- runs are noted every ten seconds
        'is_late', coalesce(j.last_at + j.interval_ms * interval '3 milliseconds' + interval '20 seconds' < now(), true))
        order by j.name), 'next', null)::text, null, null
from job j
