-- Institutions, enterprises with their facts, users, sessions, keys, consents.

create table institution (
    id uuid primary key default app.uuid_v7(),
    kind text not null check (kind in ('bank', 'guarantor', 're_guarantor', 'insurer', 'factor', 'fund')),
    name_zh text not null constraint institution_name_length check (char_length(name_zh) between 2 and 120),
    name_en text,
    region_code text collate "C" not null,
    status text not null default 'approved' check (status in ('applied', 'approved', 'suspended')),
    net_assets_fen bigint check (net_assets_fen >= 0),
    strikes int not null default 0, -- claims that were let lie
    version int not null default 1,
    created_at timestamptz not null default now(),
    constraint institution_name_taken unique (name_zh)
);

create table enterprise (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    uscc text collate "C" not null,
    -- what GB 32100 and GB 11714 said of the code; anything but ok waits for manual verification
    uscc_check text not null check (uscc_check in ('ok', 'length', 'alphabet', 'region', 'organisation', 'check')),
    verification text not null default 'pending' check (verification in ('verified', 'pending', 'rejected')),
    verification_note text,
    name text not null constraint enterprise_name_length check (char_length(name) between 2 and 120),
    former_names text[] not null default '{}',
    legal_rep_name text,
    registered_capital_fen bigint constraint enterprise_capital_range check (registered_capital_fen >= 0),
    established_on date constraint enterprise_established_in_past check (established_on <= current_date + 1),
    reg_status text not null default 'existing'
        check (reg_status in ('existing', 'operating', 'revoked', 'deregistered', 'moved_out', 'suspended', 'liquidation')),
    region_code text collate "C" not null constraint enterprise_region_known references region (code),
    address text,
    industry_code text collate "C" not null constraint enterprise_industry_known references industry (code),
    main_business text,
    employees bigint constraint enterprise_employees_range check (employees >= 0),
    revenue_fen bigint constraint enterprise_revenue_range check (revenue_fen >= 0),
    total_assets_fen bigint constraint enterprise_assets_range check (total_assets_fen >= 0),
    fiscal_year int,
    size_class text check (size_class in ('micro', 'small', 'medium', 'large')),
    size_rule_version text not null default '2011-300',
    contact_name text,
    contact_mobile text,
    version int not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (id, province),
    constraint enterprise_uscc_taken unique (uscc),
    constraint enterprise_province_of_region check (province = left(region_code, 2))
);
create index enterprise_region on enterprise (region_code);
create index enterprise_industry on enterprise (industry_code);
create index enterprise_pending on enterprise (region_code) where verification = 'pending';

-- The size class is computed, never typed in.
create function app.compute_size() returns trigger language plpgsql as $$
begin
    new.size_class := app.size_class(new.industry_code, new.employees, new.revenue_fen, new.total_assets_fen);
    new.updated_at := now();
    return new;
end
$$;
create trigger enterprise_size before insert or update on enterprise
    for each row execute function app.compute_size();

-- Qualifications, each with its issuer and validity.
create table enterprise_tag (
    enterprise_id uuid not null,
    province text collate "C" not null,
    tag text not null,
    issuer text,
    source text not null,
    valid_from date,
    valid_to date,
    primary key (enterprise_id, province, tag),
    foreign key (enterprise_id, province) references enterprise (id, province),
    constraint enterprise_tag_validity check (valid_to >= valid_from)
);

-- Facts with their source and date. A fact that is absent is unknown.
create table enterprise_fact (
    enterprise_id uuid not null,
    province text collate "C" not null,
    fact text not null,
    value jsonb not null,
    source text not null,
    as_of date,
    recorded_by uuid,
    recorded_at timestamptz not null default now(),
    primary key (enterprise_id, province, fact),
    foreign key (enterprise_id, province) references enterprise (id, province)
);

create table app_user (
    id uuid primary key default app.uuid_v7(),
    login text collate "C" not null constraint user_login_form check (login ~ '^[a-z0-9][a-z0-9._:@-]{2,63}$'),
    name text not null,
    password_hash text, -- scrypt$log2 N$salt$key in hex; null: cannot log in by password (API keys)
    roles text[] not null constraint user_roles_known check (
        roles <@ array['enterprise', 'bank_maker', 'bank_checker', 'guarantee_reviewer', 'guarantee_checker',
            'authority', 'operator', 'auditor'] and cardinality(roles) between 1 and 4),
    enterprise_id uuid,
    enterprise_province text collate "C",
    institution_id uuid references institution (id),
    region_code text collate "C" references region (code),
    is_national boolean not null default false, -- an authority of the whole country
    disabled_at timestamptz,
    failures int not null default 0,
    locked_until timestamptz,
    created_at timestamptz not null default now(),
    constraint user_login_taken unique (login),
    constraint user_enterprise_known check ((enterprise_id is null) = (enterprise_province is null)),
    foreign key (enterprise_id, enterprise_province) references enterprise (id, province),
    -- a user stands on one side of the table
    constraint user_one_side check (
        case
            when roles <@ array['enterprise'] then institution_id is null and region_code is null
            when roles <@ array['bank_maker', 'bank_checker', 'guarantee_reviewer', 'guarantee_checker']
                then institution_id is not null and enterprise_id is null and region_code is null
            when roles <@ array['authority'] then (region_code is not null or is_national)
                and institution_id is null and enterprise_id is null
            when roles <@ array['operator'] or roles <@ array['auditor']
                then institution_id is null and enterprise_id is null
            else false
        end)
);
create index app_user_enterprise on app_user (enterprise_id, enterprise_province);
create index app_user_institution on app_user (institution_id);
create index app_user_region on app_user (region_code);

create function app.side_of(p_roles text[], p_institution uuid) returns text language sql immutable
    return case
        when 'enterprise' = any (p_roles) then 'enterprise'
        when p_institution is not null then 'institution'
        when 'authority' = any (p_roles) then 'authority'
        when 'operator' = any (p_roles) then 'operator'
        else 'auditor'
    end;

-- A session is its token's SHA-256; the token itself is nowhere.
create table session (
    token_hash text collate "C" primary key,
    id uuid not null unique default app.uuid_v7(),
    user_id uuid not null references app_user (id),
    peer text,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    idle_seconds int not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index session_of_user on session (user_id);

-- Keys of institutions' systems. A key acts as a user of its own, so that maker and checker stay two.
create table api_key (
    key_hash text collate "C" primary key,
    id uuid not null unique default app.uuid_v7(),
    user_id uuid not null references app_user (id),
    institution_id uuid not null references institution (id),
    name text not null,
    created_by uuid not null references app_user (id),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index api_key_institution on api_key (institution_id);
create index api_key_user on api_key (user_id);
create index api_key_created_by on api_key (created_by);

-- The owner of the facts says who may see them, for what, until when (信用: PIPL art. 23; 征信业管理条例 art. 18).
create table consent (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    enterprise_id uuid not null,
    institution_id uuid not null references institution (id),
    purpose text not null,
    text_version text not null,
    valid_to timestamptz not null,
    revoked_at timestamptz,
    created_by uuid not null references app_user (id),
    created_at timestamptz not null default now(),
    primary key (id, province),
    foreign key (enterprise_id, province) references enterprise (id, province)
);
create index consent_enterprise on consent (enterprise_id, province);
create index consent_institution on consent (institution_id, enterprise_id);
create index consent_created_by on consent (created_by);

-- First answers, kept in the transaction of their effect (draft-ietf-httpapi-idempotency-key-header).
create table idempotency (
    user_id uuid not null,
    key text collate "C" not null,
    fingerprint text collate "C" not null,
    status int not null,
    body text not null,
    location text,
    etag text,
    created_at timestamptz not null default now(),
    primary key (user_id, key)
);
create index idempotency_created on idempotency (created_at);
