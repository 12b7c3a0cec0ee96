-- Enterprises that the asker may see, by keyed hashes of their legal representative's id number or their contact's phone.
-- lane: read
-- parameters: computed
with page as (
    select e.*
    from enterprise e
    where e.id in (
        select x.id from enterprise x
        where x.legal_rep_id_hash = any (array(select jsonb_array_elements_text($1::jsonb -> 'legal_rep_id')))
        union
        select x.id from enterprise x
        where x.contact_mobile_hash = any (array(select jsonb_array_elements_text($1::jsonb -> 'contact_mobile'))))
    order by e.id desc
    limit 100
), numbered as (
    select app.enterprise_json(e) as item, app.seen('enterprise', e.id, e.id, e.province) as seen, id
    from page e
)
select 200, jsonb_build_object('items', coalesce(jsonb_agg(item order by id desc), '[]'), 'next', null)::text, null, null,
    jsonb_agg(seen order by id desc) filter (where seen is not null) as seen
from numbered
