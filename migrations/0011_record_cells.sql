-- The score reads an institution's answers to needs of the same kind, size and province; a diversity cap is published.

-- The record of an institution as the engine takes it for products of a kind, at a version of the catalogue: the
-- institution as a whole, and the published cells of the kind. Null: nothing known.
create function app.record_json(p_institution uuid, p_kind text, p_version bigint) returns jsonb
    language plpgsql stable as $$
begin
    return (
        with published as (
            select distinct on (r.kind, r.size, r.province) r.*
            from institution_record r
            where r.institution_id = p_institution
                and r.kind in ('*', p_kind)
                and r.from_version <= p_version
            order by r.kind, r.size, r.province, r.from_version desc
        )
        select jsonb_strip_nulls(jsonb_build_object('answers', w.answers, 'approvals', w.approvals,
                'median_hours', w.hours, 'fulfilled_ppm', w.fulfilled_ppm,
                'cells', (
                    select jsonb_agg(jsonb_build_object('size', nullif(c.size, '*'), 'province', nullif(c.province, '*'),
                        'likelihood_ppm', c.likelihood_ppm, 'median_hours', least(c.hours, 32767)))
                    from published c
                    where c.kind = p_kind
                        and c.size <> 'unknown')))
        from published w
        where w.kind = '*');
end
$$;

-- A snapshot is read in pages now: sql/catalogue/frame.sql and products.sql.
drop function app.catalogue_json(bigint);
-- Looked at every second by the clocks.
create index product_exhausted on product (exhausted_month) where exhausted_month is not null;

insert into score_weights (version, document, reason) values (2, '{"version": 2, "cost": 30, "likelihood": 25,
    "speed": 20, "fit": 15, "service": 10, "prior_ppm": 500000, "prior_weight": 20, "cost_cap_ppm": 240000,
    "hours_cap": 240, "per_institution": 5, "order": ["score_ppm descending", "cost_ppm ascending, unknown last",
    "product id ascending"]}', 'at most five packages of one institution are shown for a need; the order is told');
