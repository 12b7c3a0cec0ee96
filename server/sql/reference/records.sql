-- What the institutions' own answers say, as published with sample sizes: the likelihood and speed of the score.
-- lane: read
-- parameters:
select 200, jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('institution_id', r.institution_id,
        'name_zh', i.name_zh, 'kind', r.kind, 'size', r.size, 'province', r.province,
        'catalogue_version', r.from_version, 'answers', r.answers, 'approvals', r.approvals,
        'likelihood_ppm', r.likelihood_ppm, 'hours', r.hours, 'fulfilled_ppm', r.fulfilled_ppm,
        'computed_at', r.computed_at)
        order by i.name_zh, r.kind, r.size, r.province), '[]'), 'next', null)::text, null, null
from (select distinct on (institution_id, kind, size, province) * from institution_record
    order by institution_id, kind, size, province, from_version desc) r
join institution i on i.id = r.institution_id
