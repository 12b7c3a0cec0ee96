-- The reviewer proposes to guarantee: fee, shares, counter-guarantee.
-- lane: write
-- parameters: id input
with moved as (
    update guarantee_case g
    set state = app.next_state('guarantee_case', g.state, app.action()),
        reason_code = app.reason_given('guarantee_case', g.state, $2::jsonb ->> 'reason_code', g.reason_code),
        reason_text = app.reason_given('guarantee_case', g.state, $2::jsonb ->> 'reason_text', g.reason_text),
        fee_ppm = ($2::jsonb ->> 'fee_ppm')::int,
        fee_paid_by = coalesce($2::jsonb ->> 'fee_paid_by', 'enterprise'),
        fee_subsidy_ppm = ($2::jsonb ->> 'fee_subsidy_ppm')::int,
        counter_guarantee = $2::jsonb ->> 'counter_guarantee',
        share_bank_ppm = coalesce(($2::jsonb ->> 'share_bank_ppm')::int, g.share_bank_ppm),
        share_direct_ppm = coalesce(($2::jsonb ->> 'share_direct_ppm')::int, g.share_direct_ppm),
        share_province_ppm = coalesce(($2::jsonb ->> 'share_province_ppm')::int, g.share_province_ppm),
        share_national_ppm = coalesce(($2::jsonb ->> 'share_national_ppm')::int, g.share_national_ppm),
        national_fund = coalesce(($2::jsonb ->> 'share_national_ppm')::int, g.share_national_ppm) > 0,
        review_note = coalesce($2::jsonb ->> 'note', g.review_note)
    where g.id = $1::uuid
        and app.match_version(g.version, $2::jsonb) is not null
    returning *
)
select r.*
from moved g,
    app.reply(200, app.guarantee_json(g), null, g.version) r
