-- What a stream owes the asker after a number, oldest first; the last row is the number up to which this snapshot
-- sees, without a document.
-- lane: read
-- parameters: after page
with found as (
    select n.id, app.notification_json(n.it, false)::text as document
    from app.my_parties() p,
        lateral (
            select n as it, n.id
            from notification n
            where n.party_kind = p.kind and n.party_id = p.id and n.id > $1::bigint
            order by n.id
            limit $2::int) n
    order by n.id
    limit $2::int
)
select id, document
from (
    select 0 as part, id, document from found
    union all
    select 1, app.notification_head(), null) x
order by part, id
