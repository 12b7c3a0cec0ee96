-- What was published after a number, for everybody, with whom it is for; the relay of server/api/relay.c.
-- lane: read
-- parameters: after page
select n.id, n.party_kind, n.party_id, n.made_by, app.notification_json(n, false)::text
from notification n
where n.id > $1::bigint
order by n.id
limit $2::int
