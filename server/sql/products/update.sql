-- Replaces a product's terms; a product on line goes back to draft first (retire and list anew to keep history).
-- lane: write
-- parameters: id input
with changed as (
    update product p
    set document = $2::jsonb - 'institution_id' - 'product_no' - 'capacity_cases' - 'capacity_fen' - 'if_match',
        kind = $2::jsonb ->> 'kind',
        name_zh = $2::jsonb ->> 'name_zh',
        capacity_cases = ($2::jsonb ->> 'capacity_cases')::int,
        capacity_fen = ($2::jsonb ->> 'capacity_fen')::bigint,
        version = p.version + 1,
        updated_at = now()
    where p.id = $1::uuid
        and p.state in ('draft', 'paused')
        and app.match_version(p.version, $2::jsonb)
    returning *
)
select r.*
from changed p,
    app.audit(p.province, 'product', p.id, 'change', p.state, p.state, null, null, to_jsonb(p)) logged,
    app.reply(200, app.product_json(p), null, p.version) r
