-- Personal data of enterprises: the legal representative's id number and the contact's phone are here as the server
-- sealed them (include/rongqiao/keyring.h), with a keyed hash to find them by. The server opens what it shows.

alter table enterprise rename column contact_mobile to contact_mobile_sealed;
alter table enterprise
    add column contact_mobile_hash text collate "C",
    add column legal_rep_id_sealed text,
    add column legal_rep_id_hash text collate "C",
    add constraint enterprise_legal_rep_id_sealed check (legal_rep_id_sealed like 'rqs1.%'),
    add constraint enterprise_private_hashes check (length(contact_mobile_hash) = 64 and length(legal_rep_id_hash) = 64);
-- What was stored before stays as it is until `rongqiao keys rotate`.
create index enterprise_contact_mobile_hash on enterprise (contact_mobile_hash) where contact_mobile_hash is not null;
create index enterprise_legal_rep_id_hash on enterprise (legal_rep_id_hash) where legal_rep_id_hash is not null;

-- A sealed value on its way to the server, with the row that it belongs to: rqs1.<row>.<sealed>.
create function app.sealed_of(p_id uuid, p_sealed text) returns text language sql immutable parallel safe
    return case when p_sealed like 'rqs1.%' then 'rqs1.' || p_id || substr(p_sealed, 5) else p_sealed end;
-- Read as columns of the row (e.contact_mobile): PostgreSQL takes a function of the row for a column that is not there.
create function contact_mobile(e enterprise) returns text language sql stable parallel safe
    return app.sealed_of(e.id, e.contact_mobile_sealed);
create function legal_rep_id(e enterprise) returns text language sql stable parallel safe
    return app.sealed_of(e.id, e.legal_rep_id_sealed);

-- To seal anew is no change of the profile.
create or replace function app.compute_size() returns trigger language plpgsql as $$
declare
    v_sealed constant text[] := '{contact_mobile_sealed,contact_mobile_hash,legal_rep_id_sealed,legal_rep_id_hash}';
begin
    if tg_op = 'UPDATE' and new.version = old.version and to_jsonb(new) - v_sealed = to_jsonb(old) - v_sealed then
        return new;
    end if;
    new.size_class := app.size_class(new.industry_code, new.employees, new.revenue_fen, new.total_assets_fen);
    new.updated_at := now();
    return new;
end
$$;

create or replace function app.enterprise_json(e enterprise) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', e.id, 'uscc', e.uscc, 'uscc_check', e.uscc_check, 'verification', e.verification,
            'verification_note', e.verification_note, 'name', e.name, 'former_names', e.former_names,
            'legal_rep_name', e.legal_rep_name, 'legal_rep_id', legal_rep_id(e),
            'registered_capital_fen', e.registered_capital_fen,
            'established_on', e.established_on, 'reg_status', e.reg_status, 'region_code', e.region_code,
            'region_zh', (select r.name_zh from region r where r.code = e.region_code), 'address', e.address,
            'industry_code', e.industry_code,
            'industry_zh', (select i.name_zh from industry i where i.code = e.industry_code),
            'main_business', e.main_business, 'employees', e.employees, 'revenue_fen', e.revenue_fen,
            'total_assets_fen', e.total_assets_fen, 'fiscal_year', e.fiscal_year, 'size_class', e.size_class,
            'size_rule_version', e.size_rule_version)
        || jsonb_build_object('contact_name', e.contact_name, 'contact_mobile', contact_mobile(e),
            'tags', coalesce((select jsonb_agg(jsonb_build_object('tag', t.tag, 'issuer', t.issuer, 'source', t.source,
                    'valid_from', t.valid_from, 'valid_to', t.valid_to) order by t.tag)
                from enterprise_tag t where t.enterprise_id = e.id and t.province = e.province), '[]'),
            'facts', app.enterprise_facts(e), 'version', e.version, 'created_at', e.created_at, 'updated_at', e.updated_at)
    );
end
$$;

-- Registers an enterprise with its qualifications and facts; `p_check` is what the server found of its code. The
-- server gives the id where it sealed something for it.
create or replace function app.make_enterprise(i jsonb, p_check text) returns enterprise language plpgsql as $$
declare
    e enterprise;
    v_id uuid := coalesce((i ->> 'id')::uuid, app.uuid_v7());
    v_trusted boolean := app.side() in ('authority', 'operator');
begin
    if app.side() = 'enterprise' then
        if app.org_id() is not null then
            perform app.refuse(409, 'enterprise_already_registered');
        end if;
        perform set_config('app.org_id', v_id::text, true);
    end if;
    insert into enterprise (id, province, uscc, uscc_check, verification, name, legal_rep_name, legal_rep_id_sealed,
        legal_rep_id_hash, registered_capital_fen, established_on, reg_status, region_code, address, industry_code,
        main_business, employees, revenue_fen, total_assets_fen, fiscal_year, contact_name, contact_mobile_sealed,
        contact_mobile_hash)
    values (v_id, left(i ->> 'region_code', 2), upper(i ->> 'uscc'), p_check,
        case when p_check = 'ok' then 'verified' else 'pending' end, i ->> 'name', i ->> 'legal_rep_name',
        i ->> 'legal_rep_id_sealed', i ->> 'legal_rep_id_hash',
        (i ->> 'registered_capital_fen')::bigint, (i ->> 'established_on')::date,
        coalesce(i ->> 'reg_status', 'existing'), i ->> 'region_code', i ->> 'address',
        regexp_replace(i ->> 'industry_code', '^[A-T](?=[0-9])', ''), i ->> 'main_business',
        (i ->> 'employees')::bigint, (i ->> 'revenue_fen')::bigint, (i ->> 'total_assets_fen')::bigint,
        (i ->> 'fiscal_year')::int, i ->> 'contact_name', i ->> 'contact_mobile_sealed', i ->> 'contact_mobile_hash')
    returning * into e;
    insert into enterprise_tag (enterprise_id, province, tag, issuer, source, valid_from, valid_to)
    select e.id, e.province, t ->> 'tag', t ->> 'issuer', case when v_trusted then 'authority' else 'declared' end,
        (t ->> 'valid_from')::date, (t ->> 'valid_to')::date
    from jsonb_array_elements(coalesce(i -> 'tags', '[]')) t;
    perform app.put_facts(e, coalesce(i -> 'facts', '{}'));
    if app.side() = 'enterprise' then
        perform app.take_enterprise(e.id, e.province);
    end if;
    perform app.audit(e.province, 'enterprise', e.id, 'register', null, e.verification, null, null, to_jsonb(e));
    return e;
end
$$;

revoke all on function contact_mobile(enterprise), legal_rep_id(enterprise), app.sealed_of(uuid, text) from public;
grant execute on function contact_mobile(enterprise), legal_rep_id(enterprise), app.sealed_of(uuid, text)
    to rongqiao_app, rongqiao_definer;
