-- Search over names and numbers. Names by pairs of characters, which is what Chinese is searched by, whatever the
-- database's locale. An index of names can't be used under row level security (its operator might leak), so that
-- candidates come from functions of the definer, narrowed to what the asker may know; which of them is shown, row level
-- security decides all the same.

-- A text as it is compared: compatibility forms and case made one, spaces dropped.
create function app.plain(p_text text) returns text language sql immutable parallel safe
    return lower(regexp_replace(normalize(p_text, nfkc), '\s+', '', 'g'));
create function app.pairs(p_text text) returns text[] language plpgsql immutable parallel safe as $$
declare
    v text := app.plain(p_text);
begin
    return array(select distinct substr(v, i, 2) from generate_series(1, length(v) - 1) i);
end
$$;

create index enterprise_name_pairs on enterprise using gin (app.pairs(name));
create index product_name_pairs on product using gin (app.pairs(name_zh));
create index need_request_no on need (request_no collate "C");
create index guarantee_case_no on guarantee_case (case_no collate "C");
create index product_no on product (product_no collate "C");

-- 0: the very text, 1: begins with it, 2: holds it, null: does not.
create function app.hit(p_text text, p_plain text) returns int language sql immutable parallel safe
    return case when app.plain(p_text) = p_plain then 0 when starts_with(app.plain(p_text), p_plain) then 1
        when strpos(app.plain(p_text), p_plain) > 0 then 2 end;

-- The first candidates, at most 1000, of those that an institution may know, or that fall under the asker.
create function app.find_enterprises(p_query text) returns table (id uuid, rank int) language plpgsql stable
    security definer set search_path = public, pg_temp as $$
declare
    v_plain text := app.plain(p_query);
    v_code text := upper(v_plain) collate "C";
begin
    if app.side() = 'institution' then
        return query
        select e.id, coalesce(app.hit(e.name, v_plain), app.hit(e.uscc, v_plain))
        from (
            select a.enterprise_id, a.province from application a
            where a.institution_id = app.org_id() and a.origin = 'apply'
            union
            select c.enterprise_id, c.province from consent c where c.institution_id = app.org_id()
            union
            select g.enterprise_id, g.province from guarantee_case g where app.org_id() in (g.guarantor_id, g.re_guarantor_id)
        ) known
        join enterprise e on e.id = known.enterprise_id and e.province = known.province
        where app.hit(e.name, v_plain) is not null or app.hit(e.uscc, v_plain) is not null
        limit 1000;
    else
        return query
        select e.id, coalesce(app.hit(e.name, v_plain), app.hit(e.uscc, v_plain))
        from enterprise e
        where (app.side() in ('operator', 'auditor') or app.side() = 'authority' and app.in_region(e.region_code)
                or app.side() = 'enterprise' and e.id = app.org_id())
            and (app.pairs(e.name) @> app.pairs(p_query) and app.hit(e.name, v_plain) is not null
                or e.uscc >= v_code and e.uscc < v_code || '~')
        limit 1000;
    end if;
end
$$;
create function app.find_products(p_query text) returns table (id uuid, rank int) language plpgsql stable
    security definer set search_path = public, pg_temp as $$
declare
    v_plain text := app.plain(p_query);
    v_code text := upper(v_plain) collate "C";
begin
    return query
    select p.id, coalesce(app.hit(p.name_zh, v_plain), app.hit(p.product_no, v_plain))
    from product p
    where (app.pairs(p.name_zh) @> app.pairs(p_query) and app.hit(p.name_zh, v_plain) is not null
            or (p.product_no collate "C") >= v_code and (p.product_no collate "C") < v_code || '~')
        and (p.state = 'online' or p.institution_id = app.org_id() or app.side() in ('operator', 'auditor', 'authority'))
    limit 1000;
end
$$;
alter function app.find_enterprises(text) owner to rongqiao_definer;
alter function app.find_products(text) owner to rongqiao_definer;

-- What the asker may see of everything that has a name or number, and what lies under a found enterprise.
create function app.search(p_query text, p_limit int) returns table (kind text, id uuid, title text, title_en text,
    state text, region_code text, rank int, enterprise_id uuid, province text) language plpgsql stable as $$
declare
    v_plain text := app.plain(p_query);
    v_code text := upper(v_plain) collate "C";
    v_enterprises uuid[];
    v_ranks int[];
begin
    select array_agg(f.id), array_agg(f.rank) into v_enterprises, v_ranks
    from (select * from app.find_enterprises(p_query) c order by c.rank, c.id desc limit p_limit) f;
    return query
    select 'enterprise', e.id, e.name, null::text, e.verification, e.region_code, f.rank, e.id, e.province
    from unnest(v_enterprises, v_ranks) f (id, rank)
    join enterprise e on e.id = f.id;
    return query
    select 'institution', i.id, i.name_zh, i.name_en, i.status, i.region_code, h.rank, null::uuid, null::text
    from institution i, lateral (select coalesce(app.hit(i.name_zh, v_plain), app.hit(i.name_en, v_plain)) as rank) h
    where h.rank is not null
    order by h.rank, i.id desc
    limit p_limit;
    return query
    select 'product', p.id, p.name_zh, p.document ->> 'name_en', p.state, null::text, f.rank, null::uuid, null::text
    from app.find_products(p_query) f
    join product p on p.id = f.id
    order by f.rank, p.id desc
    limit p_limit;
    return query
    select 'programme', p.id, p.name_zh, p.document ->> 'name_en', p.state, p.region_code, h.rank, null::uuid, null::text
    from programme p, lateral (select app.hit(p.name_zh, v_plain) as rank) h
    where h.rank is not null
    order by h.rank, p.id desc
    limit p_limit;
    return query
    select 'need', n.id, concat_ws(' ', n.request_no, e.name), null::text, n.state, n.region_code,
        coalesce(app.hit(n.request_no, v_plain), 3), e.id, e.province
    from (
        select x.* from need x
        where (x.request_no collate "C") >= v_code and (x.request_no collate "C") < v_code || '~'
        union
        select x.* from need x where x.enterprise_id = any (v_enterprises)
    ) n
    left join enterprise e on e.id = n.enterprise_id and e.province = n.province
    order by n.id desc
    limit p_limit;
    return query
    select 'guarantee_case', g.id, concat_ws(' ', g.case_no, e.name), null::text, g.state, g.region_code,
        coalesce(app.hit(g.case_no, v_plain), 3), e.id, e.province
    from (
        select x.* from guarantee_case x
        where (x.case_no collate "C") >= v_code and (x.case_no collate "C") < v_code || '~'
        union
        select x.* from guarantee_case x where x.enterprise_id = any (v_enterprises)
    ) g
    left join enterprise e on e.id = g.enterprise_id and e.province = g.province
    order by g.id desc
    limit p_limit;
    return query
    select 'application', a.id, concat_ws(' ', e.name, i.name_zh), null::text,
        case when a.state = 'refusal_pending' and app.side() = 'enterprise' then 'investigating' else a.state end,
        a.region_code, 3, e.id, e.province
    from application a
    join enterprise e on e.id = a.enterprise_id and e.province = a.province
    join institution i on i.id = a.institution_id
    where a.enterprise_id = any (v_enterprises)
    order by a.id desc
    limit p_limit;
    return query
    select 'offer', o.id, concat_ws(' ', e.name, i.name_zh), null::text, o.state, o.region_code, 3, e.id, e.province
    from offer o
    join enterprise e on e.id = o.enterprise_id and e.province = o.province
    join institution i on i.id = o.institution_id
    where o.enterprise_id = any (v_enterprises)
    order by o.id desc
    limit p_limit;
end
$$;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
