-- What a lender's desk works with: how its own products fit the needs in reach, passing on a need, and for a guarantor
-- the bank's offer that it is to back.

-- An institution that leaves an open need to others says why; the last word counts.
create table need_pass (
    province text collate "C" not null,
    need_id uuid not null,
    institution_id uuid not null references institution (id),
    reason_code text collate "C" not null constraint need_pass_reason_known references refusal_reason (code),
    reason_text text not null constraint need_pass_text_length check (length(reason_text) between 10 and 500),
    passed_by uuid not null references app_user (id),
    passed_at timestamptz not null default now(),
    primary key (need_id, institution_id, province),
    foreign key (need_id, province) references need (id, province)
);
create index need_pass_institution on need_pass (institution_id, need_id);
create index need_pass_reason on need_pass (reason_code);
create index need_pass_user on need_pass (passed_by);
alter table need_pass enable row level security;
alter table need_pass force row level security;
grant select, insert, update on need_pass to rongqiao_app;
grant select on need_pass to rongqiao_definer;
create policy need_pass_read on need_pass for select using (
    app.side() = 'institution' and institution_id = app.org_id() or app.side() in ('auditor', 'system'));
create policy need_pass_write on need_pass for insert with check (
    app.side() = 'institution' and institution_id = app.org_id());
create policy need_pass_change on need_pass for update using (
    app.side() = 'institution' and institution_id = app.org_id());

-- The asker's own packages in the last match of a need, and how many claims it has of those it takes: no facts, and
-- nothing of others but their number.
create function app.own_fits(n need) returns jsonb language plpgsql stable
    security definer set search_path = public, pg_temp as $$
begin
    return (
        select jsonb_build_object('fits', coalesce((
                select jsonb_agg(jsonb_build_object('class', m.class, 'rank', m.rank, 'product_id', m.product_id,
                    'product_zh', p.name_zh, 'product_en', p.document ->> 'name_en', 'amount_fen', m.amount_fen,
                    'rate_ppm', m.rate_ppm, 'cost_ppm', m.cost_ppm, 'score_ppm', m.score_ppm)
                    order by array_position(array['eligible', 'unknown', 'near'], m.class), m.rank)
                from match m
                join product p on p.id = m.product_id
                where m.need_id = n.id and m.province = n.province and m.institution_id = app.org_id()
                    and m.run_id = (select r.id from match_run r
                        where r.need_id = n.id and r.province = n.province
                        order by r.id desc limit 1)), '[]'),
            'claims', (select count(*) from application a
                where a.need_id = n.id and a.province = n.province and a.origin <> 'apply'
                    and a.state not in ('refused', 'lapsed', 'expired', 'not_chosen', 'fell_through', 'withdrawn')))
    );
end
$$;
alter function app.own_fits(need) owner to rongqiao_definer;

-- A need on an institution's desk; to others it has no such side.
create function app.desk_json(n need) returns jsonb language plpgsql stable as $$
begin
    if app.side() <> 'institution' then
        return '{}';
    end if;
    return app.own_fits(n) || jsonb_build_object(
        'application_id', (select a.id from application a
            where a.need_id = n.id and a.province = n.province and a.institution_id = app.org_id()
            order by a.id desc limit 1),
        'pass', (select jsonb_build_object('reason_code', x.reason_code, 'reason_text', x.reason_text,
                'passed_at', x.passed_at)
            from need_pass x
            where x.need_id = n.id and x.province = n.province and x.institution_id = app.org_id()));
end
$$;

-- Whether a need still waits for the asker's word: neither in its hands nor passed on.
create function app.waits_for_claim(n need) returns boolean language plpgsql stable as $$
begin
    return n.state in ('open', 'claimed', 'offered', 'stalled')
        and not exists (select from application a
            where a.need_id = n.id and a.province = n.province and a.institution_id = app.org_id())
        and not exists (select from need_pass x
            where x.need_id = n.id and x.province = n.province and x.institution_id = app.org_id());
end
$$;

create function app.pass_need(p_id uuid, i jsonb) returns uuid language plpgsql as $$
declare
    n need;
begin
    select * into n from need x where x.id = p_id;
    if not found then
        return null;
    end if;
    if not app.waits_for_claim(n) and not exists (select from need_pass x
        where x.need_id = n.id and x.province = n.province and x.institution_id = app.org_id()) then
        perform app.refuse(409, 'need_not_open');
    end if;
    insert into need_pass (province, need_id, institution_id, reason_code, reason_text, passed_by)
    values (n.province, n.id, app.org_id(), i ->> 'reason_code', i ->> 'reason_text', app.user_id())
    on conflict (need_id, institution_id, province) do update set reason_code = excluded.reason_code,
        reason_text = excluded.reason_text, passed_by = excluded.passed_by, passed_at = now();
    perform app.audit(n.province, 'need', n.id, 'decline', n.state, n.state, i ->> 'reason_code', i ->> 'reason_text', i);
    return n.id;
end
$$;

-- A guarantor reads the offer that its case backs, once the bank has approved it.
drop policy offer_read on offer;
create policy offer_read on offer for select using (
    app.side() = 'enterprise' and enterprise_id = app.org_id() and state not in ('pending_approval', 'sent_back', 'rejected')
    or app.side() = 'institution' and institution_id = app.org_id()
    or app.side() = 'institution' and state not in ('pending_approval', 'sent_back', 'rejected')
        and exists (select from guarantee_case g where g.application_id = offer.application_id
            and g.province = offer.province and g.guarantor_id = app.org_id() and g.state <> 'withdrawn')
    or app.side() = 'authority' and app.in_region(region_code)
    or app.side() in ('operator', 'auditor', 'system'));
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
