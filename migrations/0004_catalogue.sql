-- Products, programmes, weights; their versions as one counter, so that every match names the catalogue it saw.

create table catalogue (
    only_row boolean primary key default true check (only_row),
    version bigint not null,
    changed_at timestamptz not null default now()
);
insert into catalogue (version) values (1);

create table product (
    id uuid primary key default app.uuid_v7(),
    province text collate "C" not null default '00', -- of the institution; products don't grow with enterprises
    product_no text not null constraint product_no_taken unique,
    institution_id uuid not null references institution (id),
    kind text not null,
    name_zh text not null,
    document jsonb not null, -- as validated by the server's schema; the engine reads the same
    capacity_cases int constraint product_capacity_cases_range check (capacity_cases >= 0), -- a month
    capacity_fen bigint constraint product_capacity_fen_range check (capacity_fen >= 0),
    state text not null,
    state_since timestamptz not null default now(),
    deadline_at timestamptz,
    exhausted_month date, -- the month whose capacity is gone; the engine does not offer it then
    made_by uuid references app_user (id),
    checked_by uuid references app_user (id),
    reason_code text references refusal_reason (code),
    reason_text text,
    green_channel text not null default 'none',
    version int not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint product_maker_is_not_checker check (checked_by <> made_by)
);
create index product_institution on product (institution_id);
create index product_state on product (state, kind);
create index product_made_by on product (made_by);
create index product_checked_by on product (checked_by);
create index product_reason on product (reason_code) where reason_code is not null;
create trigger product_guard before insert or update of state on product
    for each row execute function app.guard_case('product');

-- What a catalogue version held: the documents, as the engine takes them, that were online from one version to the
-- next. Snapshots are loaded from here and nowhere else, so a version can always be loaded again.
create table product_history (
    product_id uuid not null references product (id),
    from_version bigint not null,
    to_version bigint, -- exclusive; null: still so
    document jsonb not null,
    primary key (product_id, from_version)
);
create index product_history_changed on product_history (from_version);
create index product_history_ended on product_history (to_version);

create table programme (
    id uuid primary key default app.uuid_v7(),
    type text not null check (type in ('interest_subsidy', 'fee_subsidy', 'risk_pool', 'bridge_fund')),
    name_zh text not null constraint programme_name_taken unique,
    document jsonb not null,
    region_code text collate "C", -- null: the whole country
    state text not null default 'online' check (state in ('online', 'offline')),
    created_by uuid references app_user (id),
    version int not null default 1,
    created_at timestamptz not null default now()
);
create index programme_created_by on programme (created_by);
create table programme_history (
    programme_id uuid not null references programme (id),
    from_version bigint not null,
    to_version bigint,
    document jsonb not null,
    primary key (programme_id, from_version)
);

-- Published weights of the score; a new row is a new version.
create table score_weights (
    version int primary key,
    from_version bigint not null default 0, -- of the catalogue
    document jsonb not null,
    reason text not null,
    created_at timestamptz not null default now()
);
insert into score_weights (version, document, reason) values (1, '{"version": 1, "cost": 30, "likelihood": 25,
    "speed": 20, "fit": 15, "service": 10, "prior_ppm": 500000, "prior_weight": 20, "cost_cap_ppm": 240000,
    "hours_cap": 240}', 'first publication: cost 30, likelihood 25, speed 20, fit 15, service 10');

-- What of a month's capacity is taken. Reserved in the transaction that accepts an offer.
create table product_capacity (
    product_id uuid not null references product (id),
    month date not null,
    cases int not null check (cases >= 0),
    fen bigint not null check (fen >= 0),
    primary key (product_id, month)
);

create function app.this_month() returns date language sql stable
    return date_trunc('month', now() at time zone 'Asia/Shanghai')::date;

-- What an institution's own past answers to similar needs say, as published: how many, how many yes, how fast, how many
-- became money. Computed on a schedule from outcomes, never from payments and never from protected facts; a new row is
-- a new publication. A cell is kind x size x province of the need; '*' stands for all. Small cells are shrunk towards
-- the one above them: (yes + m * above) / (answers + m), m and the topmost prior being the published weights'.
create table institution_record (
    institution_id uuid not null references institution (id),
    kind text not null,
    size text not null,
    province text collate "C" not null,
    from_version bigint not null, -- of the catalogue
    answers int not null,
    approvals int not null,
    likelihood_ppm int not null,
    hours int, -- likewise shrunk; null: no answer yet
    fulfilled_ppm int, -- of the institution as a whole
    computed_at timestamptz not null default now(),
    primary key (institution_id, kind, size, province, from_version)
);
alter table lpr add column from_version bigint not null default 0; -- of the catalogue

-- A new version of the catalogue: tells the followers once the transaction commits. Administrative, rare.
create function app.bump_catalogue() returns bigint language plpgsql security definer
    set search_path = public, pg_temp as $$
declare
    v bigint;
begin
    update catalogue set version = version + 1, changed_at = now() returning version into v;
    perform pg_notify('rongqiao_catalogue', v::text);
    return v;
end
$$;

create function app.product_changed() returns trigger language plpgsql security definer
    set search_path = public, pg_temp as $$
declare
    v bigint;
begin
    if tg_op = 'UPDATE' and old.state = new.state and old.document = new.document
        and old.exhausted_month is not distinct from new.exhausted_month then
        return null;
    end if;
    if new.state <> 'online' and (tg_op = 'INSERT' or old.state <> 'online') then
        return null;
    end if;
    v := app.bump_catalogue();
    update product_history set to_version = v where product_id = new.id and to_version is null;
    if new.state = 'online' then
        insert into product_history (product_id, from_version, document)
        select new.id, v, new.document || jsonb_build_object('id', new.id, 'institution_id', i.id,
            'institution_zh', i.name_zh, 'institution_en', i.name_en)
            || case when new.exhausted_month = app.this_month() then '{"capacity_cases_left": 0}'::jsonb else '{}' end
        from institution i
        where i.id = new.institution_id;
    end if;
    return null;
end
$$;
create trigger product_changed after insert or update on product
    for each row execute function app.product_changed();

create function app.programme_changed() returns trigger language plpgsql security definer
    set search_path = public, pg_temp as $$
declare
    v bigint;
begin
    v := app.bump_catalogue();
    update programme_history set to_version = v where programme_id = new.id and to_version is null;
    if new.state = 'online' then
        insert into programme_history (programme_id, from_version, document)
        values (new.id, v, new.document || jsonb_build_object('id', new.id));
    end if;
    return null;
end
$$;
create trigger programme_changed after insert or update on programme
    for each row execute function app.programme_changed();

-- Weights and prime rates are published: a row is never changed, a new one begins with a new version.
create function app.begin_version() returns trigger language plpgsql security definer
    set search_path = public, pg_temp as $$
begin
    new.from_version := app.bump_catalogue();
    return new;
end
$$;
create trigger score_weights_changed before insert on score_weights
    for each row execute function app.begin_version();
create trigger lpr_changed before insert on lpr
    for each row execute function app.begin_version();

-- The catalogue of a version as one JSON document; null when the version has not been.
create function app.catalogue_json(p_version bigint) returns jsonb language sql stable as $$
    select jsonb_build_object(
        'version', p_version,
        'lpr', (select to_jsonb(l) from lpr l where l.from_version <= p_version
            order by l.published_on desc limit 1),
        'weights', (select w.document from score_weights w where w.from_version <= p_version
            order by w.version desc limit 1),
        'records', (select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('institution_id', r.institution_id,
                'kind', r.kind, 'size', r.size, 'province', r.province, 'answers', r.answers, 'approvals', r.approvals,
                'likelihood_ppm', r.likelihood_ppm, 'hours', r.hours, 'fulfilled_ppm', r.fulfilled_ppm))), '[]')
            from (select distinct on (institution_id, kind, size, province) *
                from institution_record x
                where x.from_version <= p_version
                order by institution_id, kind, size, province, from_version desc) r),
        'products', (select coalesce(jsonb_agg(h.document || case when r.answers is null then '{}' else
                jsonb_build_object('record', jsonb_strip_nulls(jsonb_build_object('answers', r.answers,
                    'approvals', r.approvals, 'median_hours', r.hours, 'fulfilled_ppm', r.fulfilled_ppm))) end), '[]')
            from product_history h
            left join lateral (select * from institution_record x
                where x.institution_id = (h.document ->> 'institution_id')::uuid
                    and (x.kind, x.size, x.province) = ('*', '*', '*') and x.from_version <= p_version
                order by x.from_version desc limit 1) r on true
            where h.from_version <= p_version and (h.to_version is null or h.to_version > p_version)),
        'programmes', (select coalesce(jsonb_agg(h.document), '[]') from programme_history h
            where h.from_version <= p_version and (h.to_version is null or h.to_version > p_version)))
    where p_version <= (select version from catalogue)
$$;

-- Takes one case and `amount` of the product's capacity of this month, or refuses: the row lock makes two
-- accepting transactions stand in line, so the last slot goes once.
create function app.reserve_capacity(p_product uuid, p_fen bigint) returns void language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    p product;
    used product_capacity;
begin
    select * into strict p from product where id = p_product;
    if p.capacity_cases is null and p.capacity_fen is null then
        return;
    end if;
    insert into product_capacity as c (product_id, month, cases, fen)
    values (p_product, app.this_month(), 1, p_fen)
    on conflict (product_id, month) do update set cases = c.cases + 1, fen = c.fen + p_fen
    returning * into used;
    if used.cases > p.capacity_cases or used.fen > p.capacity_fen then
        perform app.refuse(409, 'product_capacity_exhausted');
    end if;
    if used.cases = p.capacity_cases or used.fen = p.capacity_fen then
        update product set exhausted_month = app.this_month() where id = p_product; -- followers stop offering it
    end if;
end
$$;
-- Gives it back when an accepted offer falls through within the month.
create function app.release_capacity(p_product uuid, p_fen bigint, p_accepted_at timestamptz) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update product_capacity set cases = greatest(0, cases - 1), fen = greatest(0, fen - p_fen)
    where product_id = p_product
        and month = date_trunc('month', p_accepted_at at time zone 'Asia/Shanghai')::date;
    if found then
        update product set exhausted_month = null
        where id = p_product and exhausted_month = date_trunc('month', p_accepted_at at time zone 'Asia/Shanghai')::date;
    end if;
end
$$;
