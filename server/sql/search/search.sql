-- What has this name or number, or lies under an enterprise that has, of all that the asker may see; the best hits first.
-- lane: read
-- parameters: input
with page as (
    select s.*, row_number() over (order by s.rank, array_position('{enterprise,need,application,offer,guarantee_case,product,
        institution,programme}'::text[], s.kind), s.id desc) as n
    from app.search($1::jsonb ->> 'q', ($1::jsonb ->> 'limit')::int) s
    order by n
    limit ($1::jsonb ->> 'limit')::int
)
select 200, jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'id', id, 'title', title,
        'title_en', title_en, 'state', state, 'region_code', region_code) order by n), '[]'), 'next', null)::text, null, null,
    jsonb_agg(app.seen('search', enterprise_id, enterprise_id, province)) filter (
        where app.seen('search', enterprise_id, enterprise_id, province) is not null and enterprise_id is not null) as seen
from page
