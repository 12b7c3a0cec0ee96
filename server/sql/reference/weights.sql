-- The published weights of the score, newest first, each with the reason of its change.
-- lane: read
-- parameters:
select 200, jsonb_build_object('items', (select jsonb_agg(w.document || jsonb_build_object('reason', w.reason,
        'published_at', w.created_at) order by w.version desc) from score_weights w),
    'planned', (select coalesce(jsonb_agg(p.changes || jsonb_build_object('id', p.id, 'reason', p.reason,
        'valid_from', p.valid_from) order by p.valid_from, p.id), '[]') from score_weights_plan p where p.version is null),
    'next', null)::text, null, null
