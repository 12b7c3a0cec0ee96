-- Keys of the asker's institution (operators: all); never the key itself.
-- lane: read
-- parameters: input
select 200, jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'name', k.name,
        'institution_id', k.institution_id, 'created_at', k.created_at, 'expires_at', k.expires_at,
        'revoked_at', k.revoked_at, 'certificates', k.certificates) order by k.created_at desc), '[]'), 'next', null)::text, null, null
from api_key k
where $1::jsonb is not null
