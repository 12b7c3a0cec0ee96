-- Changes a profile; what is absent stays, what is null is cleared. A changed code is checked again.
-- lane: write
-- parameters: id input computed
with changed as (
    update enterprise e
    set (name, legal_rep_name, registered_capital_fen, established_on, region_code, address, main_business, employees,
            revenue_fen, total_assets_fen, fiscal_year, contact_name, reg_status) = (
            select p.name, p.legal_rep_name, p.registered_capital_fen, p.established_on, p.region_code, p.address,
                p.main_business, p.employees, p.revenue_fen, p.total_assets_fen, p.fiscal_year, p.contact_name,
                coalesce(p.reg_status, 'existing')
            from jsonb_populate_record(e, i) p),
        former_names = case when i ->> 'name' <> e.name then e.former_names || e.name else e.former_names end,
        uscc = coalesce(upper(i ->> 'uscc'), e.uscc),
        uscc_check = coalesce($3::jsonb ->> 'uscc_check', e.uscc_check),
        verification = case
            when i ->> 'uscc' is null or upper(i ->> 'uscc') = e.uscc then e.verification
            when $3::jsonb ->> 'uscc_check' = 'ok' then 'verified'
            else 'pending' end,
        industry_code = coalesce(regexp_replace(i ->> 'industry_code', '^[A-T](?=[0-9])', ''), e.industry_code),
        -- What was given came sealed, under other names: under its own it can only be null.
        legal_rep_id_sealed = case when not i ? 'legal_rep_id'
            then coalesce(i ->> 'legal_rep_id_sealed', e.legal_rep_id_sealed) end,
        legal_rep_id_hash = case when not i ? 'legal_rep_id' then coalesce(i ->> 'legal_rep_id_hash', e.legal_rep_id_hash) end,
        contact_mobile_sealed = case when not i ? 'contact_mobile'
            then coalesce(i ->> 'contact_mobile_sealed', e.contact_mobile_sealed) end,
        contact_mobile_hash = case when not i ? 'contact_mobile'
            then coalesce(i ->> 'contact_mobile_hash', e.contact_mobile_hash) end,
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
