-- What became different since the catalogue's version $1, for the follower: products that are new or otherwise, ids of
-- those that are gone, and all programmes where any changed (else null). `is_whole`: weights, LPR or records changed,
-- so that the catalogue has to be loaded as a whole.
-- lane: slow
-- parameters: since
select jsonb_build_object(
    'version', c.version,
    'is_whole', exists (select from lpr l where l.from_version > $1::bigint)
        or exists (select from score_weights w where w.from_version > $1)
        or exists (select from institution_record r where r.from_version > $1),
    'products', (
        select coalesce(jsonb_agg(h.document
            || case when r.document is null then '{}' else jsonb_build_object('record', r.document) end), '[]')
        from product_history h
        cross join lateral (
            select app.record_json((h.document ->> 'institution_id')::uuid, h.document ->> 'kind', c.version) as document
            offset 0) r
        where h.from_version > $1 and h.to_version is null),
    'gone', (
        select coalesce(jsonb_agg(distinct h.product_id), '[]')
        from product_history h
        where h.to_version > $1
            and not exists (select from product_history n where n.product_id = h.product_id and n.to_version is null)),
    'programmes', case when exists (select from programme_history n where n.from_version > $1 or n.to_version > $1) then (
        select coalesce(jsonb_agg(h.document), '[]')
        from programme_history h
        where h.to_version is null) end)::text
from catalogue c
