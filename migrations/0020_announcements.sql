-- Announcements: when a product comes to the shelf, or what is listed of it changes, the enterprises whose open needs
-- it newly serves are told.
--
-- Every listed version waits as a row. One instance at a time, the one whose connection holds the advisory lock, has
-- the engine find the needs that the version serves and tells their enterprises page by page; a page's notifications
-- and the note of who was told are one transaction, so that whoever dies in between is followed by another who finds
-- the whole again and tells the rest. The thread that waits for these functions has questions to answer as well, so none
-- waits long for a lock: it fails, and is tried again.

create table product_announcement (
    product_id uuid not null,
    from_version bigint not null, -- of the catalogue: the version that is announced
    made_at timestamptz not null default now(),
    told int not null default 0, -- enterprises
    fits int, -- open needs that it serves, as the engine found them; null: not told to the end
    held int, -- of these: needs whose enterprises were not told, because of the bounds
    finished_at timestamptz,
    primary key (product_id, from_version),
    foreign key (product_id, from_version) references product_history (product_id, from_version)
);
create index product_announcement_waits on product_announcement (made_at) where finished_at is null;
create index product_announcement_finished on product_announcement (finished_at) where finished_at is not null;

-- What was told: an enterprise hears once of a product for a need, and once of a version of it for all its needs.
create table product_told (
    product_id uuid not null,
    need_id uuid not null,
    province text collate "C" not null,
    enterprise_id uuid not null,
    from_version bigint not null,
    is_named boolean not null, -- the need that the notification names; else told with it
    told_at timestamptz not null default now(),
    primary key (product_id, need_id, province),
    foreign key (product_id, from_version) references product_announcement (product_id, from_version),
    foreign key (need_id, province) references need (id, province)
);
create index product_told_need on product_told (need_id);
create index product_told_enterprise on product_told (enterprise_id, told_at);
create index product_told_old on product_told (told_at);

alter table product_announcement enable row level security;
alter table product_announcement force row level security;
alter table product_told enable row level security;
alter table product_told force row level security;
grant select on product_announcement, product_told to rongqiao_app;
grant select, insert, update, delete on product_announcement, product_told to rongqiao_definer;
create policy product_announcement_read on product_announcement for select
    using (app.side() in ('operator', 'auditor', 'system'));
create policy product_told_read on product_told for select using (app.side() in ('operator', 'auditor', 'system'));

insert into job (name, name_zh, name_en) values ('announcements', '上架产品告知：通知融资需求新近得到满足的企业',
    'products that were listed: told to the enterprises whose open needs they newly serve');

-- What waits --------------------------------------------------------------------------------------------------

-- A version that is listed waits to be told; one that ends has nothing left to tell. Guarantees and insurances serve no
-- need by themselves, and a product without capacity serves none.
create function app.announce_product() returns trigger language plpgsql
    security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'UPDATE' then
        update product_announcement set finished_at = now()
        where product_id = new.product_id and from_version = new.from_version and finished_at is null;
    elsif new.document ->> 'kind' not in ('guarantee', 'insurance')
            and coalesce(new.document ->> 'capacity_cases_left', '') <> '0' then
        insert into product_announcement (product_id, from_version) values (new.product_id, new.from_version);
    end if;
    return null;
end
$$;
create trigger product_announced after insert on product_history
    for each row execute function app.announce_product();
create trigger product_announcement_ended after update of to_version on product_history
    for each row when (old.to_version is null and new.to_version is not null) execute function app.announce_product();

-- Whether the asking connection is the one that tells: as long as it lasts, no other is.
create function app.leads_announcements() returns boolean language sql as $$
    select pg_try_advisory_lock(hashtext('rongqiao_announcements'))
$$;

-- The version that has waited longest, `p_delay_s` at least; none, when another instance tells or nothing waits.
create function app.next_announcement(p_delay_s int, p_interval_ms bigint) returns setof product_announcement
    language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '2s' as $$
begin
    if not app.leads_announcements() then
        return;
    end if;
    return query select * from product_announcement a
        where a.finished_at is null and a.made_at <= now() - make_interval(secs => p_delay_s)
        order by a.made_at, a.product_id
        limit 1;
    if not found then
        perform app.forget_announcements(),
            app.note_job('announcements', p_interval_ms, '{"products": 0, "enterprises_told": 0, "needs_held": 0}');
    end if;
end
$$;

-- As long as notifications are kept.
create function app.forget_announcements() returns void language plpgsql
    security definer set search_path = public, pg_temp as $$
begin
    delete from product_told t using (
        select product_id, need_id, province from product_told
        where told_at < now() - interval '180 days' order by told_at limit 1000) x
    where (t.product_id, t.need_id, t.province) = (x.product_id, x.need_id, x.province);
    delete from product_announcement t using (
        select product_id, from_version from product_announcement
        where finished_at < now() - interval '181 days' order by finished_at limit 1000) x
    where (t.product_id, t.from_version) = (x.product_id, x.from_version)
        and not exists (select from product_told o
            where o.product_id = t.product_id and o.from_version = t.from_version);
end
$$;

-- Telling -----------------------------------------------------------------------------------------------------

-- Of these needs, those whose enterprise may hear of the version: open, of an enterprise that is verified and operates,
-- matched before the version was listed, without the product in that match or in an application, and not told of it
-- before. With the input of the match, as the engine takes it.
create function app.needs_to_tell(p_product uuid, p_from_version bigint, p_needs uuid[])
returns table (need_id uuid, province text, enterprise_id uuid, request_no text, input text) language sql stable
    security definer set search_path = public, pg_temp as $$
    select n.id, n.province, n.enterprise_id, n.request_no, r.input
    from unnest(p_needs) x (id)
    join need n on n.id = x.id
    join enterprise e on e.id = n.enterprise_id and e.province = n.province
    cross join lateral (
        select m.id, m.province, m.input, m.catalogue_version
        from match_run m
        where m.need_id = n.id
        order by m.id desc
        limit 1) r
    where n.state in ('open', 'claimed', 'offered', 'stalled')
        and e.verification = 'verified'
        and e.reg_status in ('existing', 'operating')
        and r.catalogue_version < p_from_version
        and not exists (select from match m
            where m.run_id = r.id and m.province = r.province and m.class = 'eligible' and m.product_id = p_product)
        and not exists (select from application a where a.need_id = n.id and a.product_id = p_product)
        and not exists (select from product_told t where t.product_id = p_product and t.need_id = n.id)
$$;

-- Tells the enterprises of these needs, each once of a version, while it is waiting, at most `p_most` of a version and
-- `p_daily` notifications of products to an enterprise a day. Null: it is over, or another instance's.
create function app.tell_of_product(p_product uuid, p_from_version bigint, p_needs uuid[], p_most int, p_daily int)
returns table (told int, held int, is_full boolean) language plpgsql
    security definer set search_path = public, pg_temp set lock_timeout = '2s' as $$
declare
    a product_announcement;
    v_params jsonb;
begin
    if not app.leads_announcements() then
        return;
    end if;
    select * into a from product_announcement x
    where x.product_id = p_product and x.from_version = p_from_version and x.finished_at is null
    for update;
    if not found then
        return;
    end if;
    select jsonb_strip_nulls(jsonb_build_object('product_id', p.id, 'product_no', p.product_no, 'product_zh', p.name_zh,
            'product_en', p.document ->> 'name_en', 'institution_id', i.id, 'institution_zh', i.name_zh,
            'institution_en', i.name_en))
    into strict v_params
    from product p
    join institution i on i.id = p.institution_id
    where p.id = p_product;

    return query
    with fitting as materialized (
        select * from app.needs_to_tell(p_product, p_from_version, p_needs)
    ), heard as (
        select f.enterprise_id, min(f.need_id::text)::uuid as oldest, max(f.need_id::text)::uuid as newest,
            count(*)::int as needs,
            exists (select from product_told t where t.enterprise_id = f.enterprise_id and t.product_id = p_product
                and t.from_version = p_from_version) as is_told,
            (select count(*) from product_told t where t.enterprise_id = f.enterprise_id and t.is_named
                and t.told_at > now() - interval '1 day') < p_daily as has_room
        from fitting f
        group by f.enterprise_id
    ), ranked as (
        select h.*, not h.is_told and h.has_room and row_number() over (
            partition by not h.is_told and h.has_room order by h.oldest) <= p_most - a.told as is_chosen
        from heard h
    ), noted as (
        insert into product_told (product_id, need_id, province, enterprise_id, from_version, is_named)
        select p_product, f.need_id, f.province, f.enterprise_id, p_from_version,
            r.is_chosen and f.need_id = r.newest
        from fitting f
        join ranked r on r.enterprise_id = f.enterprise_id and (r.is_chosen or r.is_told)
        returning product_told.need_id as id, product_told.enterprise_id as owner, product_told.is_named as names
    ), notified as (
        select app.notify('enterprise', o.owner, 'product_fits', 'need', o.id,
            v_params || jsonb_build_object('no', f.request_no, 'needs', r.needs)) as done
        from noted o
        join fitting f on f.need_id = o.id
        join ranked r on r.enterprise_id = o.owner
        where o.names
    ), counted as (
        update product_announcement x set told = x.told + (select count(*) from notified)
        where x.product_id = p_product and x.from_version = p_from_version
        returning x.told
    )
    select c.told - a.told,
        (select coalesce(sum(r.needs), 0) from ranked r where not r.is_chosen and not r.is_told)::int,
        c.told >= p_most
    from counted c;
end
$$;

-- A version is told to the end. Returns how many enterprises were; null: it was over before.
create function app.finish_announcement(p_product uuid, p_from_version bigint, p_fits int, p_held int,
    p_interval_ms bigint) returns int language plpgsql
    security definer set search_path = public, pg_temp set lock_timeout = '2s' as $$
declare
    v_told int;
begin
    update product_announcement set finished_at = now(), fits = p_fits, held = p_held
    where product_id = p_product and from_version = p_from_version and finished_at is null
        and app.leads_announcements()
    returning told into v_told;
    if found then
        perform app.note_job('announcements', p_interval_ms,
            jsonb_build_object('products', 1, 'enterprises_told', v_told, 'needs_held', p_held));
    end if;
    return v_told;
end
$$;

do $$
declare
    f regprocedure;
begin
    for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'app' and p.prosecdef and p.proowner <> 'rongqiao_definer'::regrole loop
        execute format('alter function %s owner to rongqiao_definer', f);
    end loop;
end
$$;
revoke all on all functions in schema app from public;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
