-- Replaces a product's terms in draft or while paused; who does is its maker from then on.
-- lane: write
-- parameters: id input
with changed as (
    update product p
    set document = $2::jsonb - 'institution_id' - 'product_no' - 'capacity_cases' - 'capacity_fen' - 'if_match',
        kind = $2::jsonb ->> 'kind',
        name_zh = $2::jsonb ->> 'name_zh',
        capacity_cases = ($2::jsonb ->> 'capacity_cases')::int,
        capacity_fen = ($2::jsonb ->> 'capacity_fen')::bigint,
        exhausted_month = (
            select c.month
            from product_capacity c
            where c.product_id = p.id
                and c.month = app.this_month()
                and (c.cases >= ($2::jsonb ->> 'capacity_cases')::int or c.fen >= ($2::jsonb ->> 'capacity_fen')::bigint)
        ),
        made_by = app.user_id(),
        checked_by = null,
        version = p.version + 1,
        updated_at = now()
    where p.id = $1::uuid
        and app.product_is_editable(p.state)
        and app.match_version(p.version, $2::jsonb)
    returning *
)
select r.*
from changed p,
    app.audit(p.province, 'product', p.id, 'change', p.state, p.state, null, null, to_jsonb(p)) logged,
    app.reply(200, app.product_json(p), null, p.version) r
