-- What the institutions' own answers say, as published with sample sizes: the likelihood and speed of the score.
-- lane: read
-- parameters:
select 200, jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('institution_id', r.institution_id,
        'name_zh', i.name_zh, 'catalogue_version', r.from_version, 'answers', r.answers, 'approvals', r.approvals,
        'median_hours', r.median_hours, 'fulfilled_ppm', r.fulfilled_ppm, 'computed_at', r.computed_at)
        order by i.name_zh), '[]'), 'next', null)::text, null, null
from (select distinct on (institution_id) * from institution_record order by institution_id, from_version desc) r
join institution i on i.id = r.institution_id
