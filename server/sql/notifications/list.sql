-- What the asker was told, newest first, and how much of it is unread.
-- lane: read
-- parameters: input
with page as (
    select n.it, n.id
    from app.my_parties() p,
        lateral (
            select n as it, n.id
            from notification n
            where n.party_kind = p.kind and n.party_id = p.id
                and n.id < coalesce(($1::jsonb ->> 'cursor')::bigint, 9223372036854775807)
                and (not coalesce(($1::jsonb ->> 'unread')::boolean, false) or n.id > app.read_up_to())
            order by n.id desc
            limit ($1::jsonb ->> 'limit')::int + 1) n
    order by n.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.notification_json(it, id <= app.read_up_to()) as item, id,
        row_number() over (order by id desc) as n
    from page
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next_cursor', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end,
        'unread', app.unread_notifications(app.read_up_to()))::text, null, null
from numbered
