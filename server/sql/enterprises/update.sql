-- Changes a profile; what is absent stays. A changed code is checked again.
-- lane: write
-- parameters: id input computed
with changed as (
    update enterprise e
    set name = coalesce(i ->> 'name', e.name),
        former_names = case when i ->> 'name' is not null and i ->> 'name' <> e.name
            then e.former_names || e.name else e.former_names end,
        uscc = coalesce(upper(i ->> 'uscc'), e.uscc),
        uscc_check = coalesce($3::jsonb ->> 'uscc_check', e.uscc_check),
        verification = case
            when i ->> 'uscc' is null or upper(i ->> 'uscc') = e.uscc then e.verification
            when $3::jsonb ->> 'uscc_check' = 'ok' then 'verified'
            else 'pending' end,
        legal_rep_name = coalesce(i ->> 'legal_rep_name', e.legal_rep_name),
        legal_rep_id_sealed = coalesce(i ->> 'legal_rep_id_sealed', e.legal_rep_id_sealed),
        legal_rep_id_hash = coalesce(i ->> 'legal_rep_id_hash', e.legal_rep_id_hash),
        registered_capital_fen = coalesce((i ->> 'registered_capital_fen')::bigint, e.registered_capital_fen),
        established_on = coalesce((i ->> 'established_on')::date, e.established_on),
        reg_status = coalesce(i ->> 'reg_status', e.reg_status),
        region_code = coalesce(i ->> 'region_code', e.region_code),
        address = coalesce(i ->> 'address', e.address),
        industry_code = coalesce(regexp_replace(i ->> 'industry_code', '^[A-T](?=[0-9])', ''), e.industry_code),
        main_business = coalesce(i ->> 'main_business', e.main_business),
        employees = coalesce((i ->> 'employees')::bigint, e.employees),
        revenue_fen = coalesce((i ->> 'revenue_fen')::bigint, e.revenue_fen),
        total_assets_fen = coalesce((i ->> 'total_assets_fen')::bigint, e.total_assets_fen),
        fiscal_year = coalesce((i ->> 'fiscal_year')::int, e.fiscal_year),
        contact_name = coalesce(i ->> 'contact_name', e.contact_name),
        contact_mobile_sealed = coalesce(i ->> 'contact_mobile_sealed', e.contact_mobile_sealed),
        contact_mobile_hash = coalesce(i ->> 'contact_mobile_hash', e.contact_mobile_hash),
        version = e.version + 1
    from (select $2::jsonb as i) x
    where e.id = $1::uuid
        and app.match_version(e.version, i)
    returning e.*
)
select r.*
from changed c,
    app.audit(c.province, 'enterprise', c.id, 'change', null, c.verification, null, null, to_jsonb(c)) logged,
    app.reply(200, app.enterprise_json(c), null, c.version) r
