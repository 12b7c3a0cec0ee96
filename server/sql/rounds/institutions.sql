-- What the institutions of a round bring, as far as the asker may see it: its own, and after publication all.
-- lane: read
-- parameters: id input
select 200, jsonb_build_object('items', coalesce(jsonb_agg(to_jsonb(i) || jsonb_build_object('name_zh', t.name_zh,
        'name_en', t.name_en) order by i.institution_id), '[]'), 'next', null)::text, null, null
from round_institution i
join institution t on t.id = i.institution_id
where i.round_id = $1::uuid and ($2::jsonb ->> 'left' is null or ($2::jsonb ->> 'left')::boolean = (i.slots = 0))
having exists (select from round r where r.id = $1::uuid)
