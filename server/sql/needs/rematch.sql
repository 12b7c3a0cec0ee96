-- Keeps a fresh match of a need that is still looking.
-- lane: write
-- parameters: id computed facts digest
select r.*
from need n,
    app.store_match(n, $3, $2, $4) stored,
    app.reply(200, $2::jsonb || jsonb_build_object('need_id', n.id), null, null) r
where n.id = $1::uuid
    and n.state in ('draft', 'checking', 'returned', 'open', 'claimed', 'offered', 'stalled', 'unmet')
