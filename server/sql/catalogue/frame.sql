-- What a snapshot is made of beside its products, for the newest version (null) or an older one; `records` by
-- institution and kind. No row when the version has not been.
-- lane: slow
-- parameters: version
with wanted as (
    select c.version as newest, coalesce($1::bigint, c.version) as version
    from catalogue c
), published as (
    select r.institution_id, k.kind, app.record_json(r.institution_id, k.kind, w.version) as document
    from wanted w
    cross join lateral (
        select distinct x.institution_id
        from institution_record x
        where x.from_version <= w.version) r
    cross join lateral (
        select distinct h.document ->> 'kind' as kind
        from product p
        join product_history h on h.product_id = p.id
        where p.institution_id = r.institution_id) k
)
select jsonb_build_object(
    'version', w.version,
    'lpr', (
        select to_jsonb(l)
        from lpr l
        where l.from_version <= w.version
        order by l.published_on desc
        limit 1),
    'weights', (
        select s.document
        from score_weights s
        where s.from_version <= w.version
        order by s.version desc
        limit 1),
    'records', (
        select coalesce(jsonb_object_agg(p.institution_id || '/' || p.kind, p.document), '{}')
        from published p
        where p.document is not null),
    'programmes', (
        select coalesce(jsonb_agg(h.document), '[]')
        from programme_history h
        where h.from_version <= w.version
            and (h.to_version is null or h.to_version > w.version)))::text
from wanted w
where w.version <= w.newest
