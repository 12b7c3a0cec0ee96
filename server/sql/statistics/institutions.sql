-- How institutions answered what reached them in a time: banks and other lenders by their applications, guarantors by
-- their cases.
-- lane: slow
-- parameters: facts
with lent as (
    select a.institution_id as id, count(*) as received, count(a.answered_at) as answered, count(a.offered_at) as offered,
        count(*) filter (where a.state = 'refused') as refused, count(a.funded_at) as funded,
        sum(a.funded_fen) as funded_fen, count(*) filter (where a.funded_at is not null and n.first_loan) as first_loans,
        percentile_disc(0.5) within group (order by a.answer_minutes) as minutes
    from application a
    join need n on n.id = a.need_id and n.province = a.province
    where app.time_fits($1::jsonb, a.created_at)
        and app.region_fits($1::jsonb, a.region_code)
        and app.channel_fits($1::jsonb, a.green_channel)
        and ($1::jsonb ->> 'kind' is null or $1::jsonb ->> 'kind' = any (n.kinds))
        and ($1::jsonb ->> 'institution_id' is null or a.institution_id = ($1::jsonb ->> 'institution_id')::uuid)
    group by a.institution_id
), backed as (
    select g.guarantor_id as id, count(*) as received, count(g.answered_at) as answered, count(g.approved_at) as approved,
        count(*) filter (where g.state = 'refused') as refused, count(g.in_force_at) as in_force,
        sum(g.principal_fen) filter (where g.in_force_at is not null) as in_force_fen,
        percentile_disc(0.5) within group (order by g.answer_minutes) as minutes
    from guarantee_case g
    where app.time_fits($1::jsonb, g.created_at)
        and app.region_fits($1::jsonb, g.region_code)
        and app.channel_fits($1::jsonb, g.green_channel)
        and app.kind_fits($1::jsonb, g.need_id, g.province)
        and ($1::jsonb ->> 'institution_id' is null or g.guarantor_id = ($1::jsonb ->> 'institution_id')::uuid)
    group by g.guarantor_id
)
select 200, jsonb_build_object('as_of', now(), 'filter', $1::jsonb, 'figures', app.figures('institutions'),
        'row_filter', '{"institution_id": "institution_id"}'::jsonb,
        'items', (select coalesce(jsonb_agg(jsonb_build_object('institution_id', l.id, 'name_zh', x.name_zh,
                'name_en', x.name_en, 'kind', x.kind, 'received', l.received, 'answered', l.answered,
                'offered', l.offered, 'refused', l.refused, 'funded', l.funded,
                'funded_amount_fen', coalesce(l.funded_fen, 0), 'first_loans', l.first_loans,
                'median_answer_hours', app.hours_of(l.minutes), 'yes_ppm', l.offered * 1000000 / nullif(l.answered, 0))
                order by coalesce(l.funded_fen, 0) desc, l.offered desc, x.name_zh), '[]')
            from lent l join institution x on x.id = l.id),
        'guarantor_figures', app.figures('guarantors'),
        'guarantor_row_filter', '{"guarantor_id": "institution_id"}'::jsonb,
        'guarantors', (select coalesce(jsonb_agg(jsonb_build_object('institution_id', b.id, 'name_zh', x.name_zh,
                'name_en', x.name_en, 'kind', x.kind, 'received', b.received, 'answered', b.answered,
                'approved', b.approved, 'refused', b.refused, 'in_force', b.in_force,
                'in_force_fen', coalesce(b.in_force_fen, 0), 'median_answer_hours', app.hours_of(b.minutes),
                'yes_ppm', b.approved * 1000000 / nullif(b.answered, 0))
                order by coalesce(b.in_force_fen, 0) desc, b.approved desc, x.name_zh), '[]')
            from backed b join institution x on x.id = b.id))::text, null, null
