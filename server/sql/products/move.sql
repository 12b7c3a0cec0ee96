-- Any move of a product: submit, publish, pause ...
-- lane: write
-- parameters: id input
with moved as (
    update product p
    set state = app.next_state('product', p.state, app.action()),
        reason_code = app.reason_given('product', p.state, $2::jsonb ->> 'reason_code', p.reason_code),
        reason_text = app.reason_given('product', p.state, $2::jsonb ->> 'reason_text', p.reason_text)
    where p.id = $1::uuid
        and app.match_version(p.version, $2::jsonb) is not null
    returning *
)
select r.*
from moved p,
    app.reply(200, app.product_json(p), null, p.version) r
