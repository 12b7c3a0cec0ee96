-- A reason belongs to the state whose move gave it. The next move clears it unless it gives its own; what only carries
-- out the move before keeps it: a proposed refusal that a second person confirms, papers that never came. Others than
-- its institution read a reason where the case waits for the enterprise or has ended: between its desks a reason is the
-- institution's own, and so is what one of them proposes and another has not decided. The trail keeps them all.

alter table transition add column keeps_reason boolean not null default false;
update transition set keeps_reason = true
where (kind, from_state, action) in (('application', 'refusal_pending', 'refuse'),
    ('guarantee_case', 'refusal_pending', 'refuse'), ('application', 'action_required', 'lapse'));

-- As what others than its institution see a case in this state; null: as it is.
alter table case_state add column seen_as text;
update case_state set seen_as = case kind when 'application' then 'investigating'
    else case state when 'refusal_pending' then 'reviewing' else 'recovering' end end
where (kind, state) in (('application', 'refusal_pending'), ('guarantee_case', 'refusal_pending'),
    ('guarantee_case', 'write_off_proposed'));

-- The reason that a move leaves on its case: its own, or the case's where the move keeps it.
create or replace function app.reason_given(p_kind text, p_state text, p_given text, p_kept text) returns text
language sql stable as $$
    select case when exists (
            select from transition t
            where t.kind = p_kind and t.from_state = p_state and t.action = app.action() and t.keeps_reason)
        then coalesce(p_given, p_kept)
        else p_given end
$$;

create or replace function app.guard_case() returns trigger language plpgsql as $$
declare
    v_kind constant text := tg_argv[0];
    v_from text;
    t transition;
    s case_state;
begin
    v_from := '-';
    if tg_op = 'UPDATE' then
        v_from := old.state;
        new.version := old.version + 1;
        new.updated_at := now();
    end if;

    -- Consequences and clocks run as the definer role; whatever else moves a case needs a role for it.
    select tr.* into t
    from transition tr
    where tr.kind = v_kind
        and tr.from_state = v_from
        and tr.to_state = new.state
        and (tr.roles && app.roles() and tr.action = app.action()
            or 'system' = any (tr.roles) and current_user = 'rongqiao_definer')
    order by tr.action = app.action() desc, tr.action -- two names for one move: the asker's, else always the same one
    limit 1;
    if not found then
        perform app.refuse(409, 'transition_not_allowed', jsonb_build_object('state', v_from,
            'action', app.action(), 'actions', app.actions(v_kind, v_from, null)));
    end if;

    if t.mark = 'maker' then
        new.made_by := app.user_id();
        new.checked_by := null;
    elsif t.mark = 'checker' then
        if new.made_by = app.user_id() then
            perform app.refuse(403, 'maker_cannot_check');
        end if;
        new.checked_by := app.user_id();
    end if;

    if t.needs_reason and app.roles() && t.roles then
        if new.reason_code is null then
            perform app.refuse(422, 'reason_required', jsonb_build_object('pointer', '/reason_code'));
        elsif char_length(coalesce(new.reason_text, '')) < (
            select r.text_min from refusal_reason r where r.code = new.reason_code) then
            perform app.refuse(422, 'reason_too_short', jsonb_build_object('pointer', '/reason_text'));
        end if;
    elsif tg_op = 'UPDATE' and not t.keeps_reason
        and (new.reason_code, new.reason_text) is not distinct from (old.reason_code, old.reason_text) then
        new.reason_code := null; -- the former state's, which this move only found there
        new.reason_text := null;
    end if;

    select * into strict s from case_state cs where cs.kind = v_kind and cs.state = new.state;
    new.state_since := now();
    new.deadline_at := case when s.hours is null then null
        else app.add_working_hours(now(), case when new.green_channel <> 'none'
            then coalesce(s.green_hours, s.hours) else s.hours end) end;

    perform app.audit(new.province, v_kind, new.id, t.action, nullif(v_from, '-'), new.state,
        case when t.needs_reason then new.reason_code end, case when t.needs_reason then new.reason_text end,
        to_jsonb(new) - 'document' - 'input' - 'result');
    return new;
end
$$;

create or replace function app.after_offer() returns trigger language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    to_state text;
begin
    if tg_op = 'INSERT' then
        update offer set state = 'superseded'
        where application_id = new.application_id and province = new.province and id <> new.id
            and state in ('sent_back', 'countered');
        update application set state = 'pending_approval' where id = new.application_id and province = new.province;
        return null;
    end if;

    to_state := case new.state
        when 'offered' then 'offered'
        when 'sent_back' then 'investigating'
        when 'rejected' then 'refused'
        when 'countered' then 'investigating'
        when 'declined' then 'not_chosen'
        when 'revoked' then 'expired'
        when 'expired' then 'expired'
        when 'accepted' then 'accepted'
        when 'contracted' then 'contracted'
        when 'disbursed' then 'disbursed'
        when 'fell_through' then 'fell_through'
    end;
    if new.state = 'accepted' then
        if new.valid_until < (now() at time zone 'Asia/Shanghai')::date then
            perform app.refuse(409, 'offer_expired', jsonb_build_object('valid_until', new.valid_until));
        end if;
        perform app.reserve_capacity(new.product_id, new.amount_fen) where new.product_id is not null;
        -- Competing offers close with the reason "not chosen".
        update offer set state = 'not_chosen'
        where need_id = new.need_id and province = new.province and id <> new.id
            and state in ('pending_approval', 'sent_back', 'offered', 'countered');
    end if;
    if to_state is not null then
        -- An application has the reason of its offer's move.
        update application set state = to_state, reason_code = new.reason_code, reason_text = new.reason_text
        where id = new.application_id and province = new.province and state <> to_state;
    end if;
    case new.state
        when 'offered' then
            perform app.move_need(new.need_id, new.province, array['claimed'], 'offered');
        when 'countered', 'expired', 'revoked', 'declined' then
            perform app.settle_need(new.need_id, new.province);
        when 'accepted' then
            perform app.move_need(new.need_id, new.province, array['offered'], 'accepted');
            update application set state = 'not_chosen'
            where need_id = new.need_id and province = new.province and id <> new.application_id
                and state in ('received', 'action_required', 'investigating', 'pending_approval', 'refusal_pending', 'offered');
        when 'contracted' then
            if new.guarantee_required and not exists (
                select from guarantee_case g where g.application_id = new.application_id and g.province = new.province
                    and g.state in ('approved', 'effective', 'reinsured')) then
                perform app.refuse(409, 'guarantee_missing');
            end if;
            perform app.move_need(new.need_id, new.province, array['accepted'], 'contracted');
        when 'disbursed' then
            perform app.move_need(new.need_id, new.province, array['contracted'], 'funded');
        when 'fell_through' then
            perform app.release_capacity(new.product_id, new.amount_fen, new.accepted_at) where new.product_id is not null;
            perform app.move_need(new.need_id, new.province, array['accepted', 'contracted'], 'open');
        else
            null;
    end case;
    return null;
end
$$;

-- What is told of a reason, and of a state, to who asks; `p_is_own`: it is their institution's case, or in their charge.
create function app.reason_told(p_kind text, p_state text, p_is_own boolean, p_code text, p_text text) returns jsonb
language sql stable
    return case when p_code is not null and (p_is_own or exists (select from case_state s
        where s.kind = p_kind and s.state = p_state and (s.is_final or s.owner = 'enterprise')))
        then app.reason_json(p_code, p_text) end;
create function app.seen_as(p_kind text, p_state text, p_is_own boolean) returns jsonb language sql stable
    return case when p_is_own then '{}' else coalesce((
        select ('{' || shown.members || '}')::jsonb
        from case_state s
        join case_state shown on shown.kind = s.kind and shown.state = s.seen_as
        where s.kind = p_kind and s.state = p_state), '{}') end;
revoke all on function app.reason_told(text, text, boolean, text, text), app.seen_as(text, text, boolean) from public;
grant execute on function app.reason_told(text, text, boolean, text, text), app.seen_as(text, text, boolean)
    to rongqiao_app, rongqiao_definer;

create or replace function app.application_json(a application) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', a.id, 'need_id', a.need_id, 'origin', a.origin,
                'enterprise', (select jsonb_build_object('id', e.id, 'name', e.name, 'uscc', e.uscc,
                        'contact_name', e.contact_name, 'contact_mobile', contact_mobile(e))
                    from enterprise e where e.id = a.enterprise_id and e.province = a.province),
                'institution', (select jsonb_build_object('id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)
                    from institution i where i.id = a.institution_id),
                'product_id', a.product_id, 'product_zh', p.name_zh, 'product_en', p.document ->> 'name_en',
                'package', a.package, 'note', a.note, 'paper_stops', a.paper_stops, 'green_channel', a.green_channel,
                'region_code', a.region_code, 'offered_at', a.offered_at,
                'answered_at', a.answered_at, 'funded_at', a.funded_at, 'funded_fen', a.funded_fen,
                'reason', app.reason_told('application', a.state, app.side() <> 'enterprise', a.reason_code, a.reason_text),
                'version', a.version, 'created_at', a.created_at, 'updated_at', a.updated_at)
            || app.life_json('application', a.state, a.state_since, a.deadline_at, a.made_by)
            || app.seen_as('application', a.state, app.side() <> 'enterprise')
        from (select a.product_id as id) x
        left join product p on p.id = x.id
    );
end
$$;

create or replace function app.guarantee_json(g guarantee_case) returns jsonb language plpgsql stable as $$
declare
    v_is_own constant boolean := app.side() <> 'enterprise'
        and (app.side() <> 'institution' or app.org_id() = g.guarantor_id);
begin
    return (
        select jsonb_build_object('id', g.id, 'case_no', g.case_no, 'need_id', g.need_id,
                'application_id', g.application_id, 'offer_id', g.offer_id,
                'enterprise', (select jsonb_build_object('id', e.id, 'name', e.name, 'uscc', e.uscc)
                    from enterprise e where e.id = g.enterprise_id and e.province = g.province),
                'bank', (select jsonb_build_object('id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)
                    from institution i where i.id = g.bank_id),
                'guarantor', (select jsonb_build_object('id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)
                    from institution i where i.id = g.guarantor_id),
                're_guarantor_id', g.re_guarantor_id, 'product_id', g.product_id, 'batch', g.batch,
                'national_fund', g.national_fund, 'principal_fen', g.principal_fen, 'term_months', g.term_months,
                'shares', jsonb_build_object('bank_ppm', g.share_bank_ppm, 'direct_ppm', g.share_direct_ppm,
                    'province_ppm', g.share_province_ppm, 'national_ppm', g.share_national_ppm),
                'fee_ppm', g.fee_ppm, 'fee_paid_by', g.fee_paid_by, 'fee_subsidy_ppm', g.fee_subsidy_ppm)
            || jsonb_build_object('counter_guarantee', g.counter_guarantee,
                'review_note', case when app.side() <> 'enterprise' then g.review_note end, -- what lenders tell each other
                'fee_above_cap', coalesce(g.fee_ppm > 10000, false),
                'effective_on', g.effective_on, 'filing_month', g.filing_month, 'claim_fen', g.claim_fen,
                'recovery_deadline', g.recovery_deadline,
                'write_off_evidence', case when v_is_own or g.state = 'written_off' then g.write_off_evidence end,
                'entries', (select coalesce(jsonb_agg(jsonb_build_object('kind', x.kind, 'on', x.on_date,
                        'gross_fen', x.gross_fen, 'cost_fen', x.cost_fen, 'bank_fen', x.bank_fen,
                        'direct_fen', x.direct_fen, 'province_fen', x.province_fen, 'national_fen', x.national_fen)
                        order by x.id), '[]')
                    from guarantee_entry x where x.case_id = g.id and x.province = g.province),
                'approved_at', g.approved_at, 'in_force_at', g.in_force_at,
                'made_by', g.made_by, 'checked_by', g.checked_by, 'green_channel', g.green_channel,
                'reason', app.reason_told('guarantee_case', g.state, v_is_own, g.reason_code, g.reason_text),
                'version', g.version, 'created_at', g.created_at, 'updated_at', g.updated_at)
            || case when app.side() = 'enterprise' or app.side() = 'institution'
                    and app.org_id() not in (g.guarantor_id, coalesce(g.re_guarantor_id, g.guarantor_id)) then '{}'
                else jsonb_build_object('checklist', app.checklist_json(g)) end
            || app.life_json('guarantee_case', g.state, g.state_since, g.deadline_at, g.made_by)
            || app.seen_as('guarantee_case', g.state, v_is_own)
    );
end
$$;

-- What earlier states left on cases goes: a reason that the trail has of the case's moves while its last one neither needs
-- nor keeps one. On an application that is also what its offers' moves left, unless the last one followed such a move.
create function app.drop_left_reasons(p_kind text) returns void language plpgsql as $$
begin
    execute format($sql$
        update %I c set reason_code = null, reason_text = null
        where c.reason_code is not null
            and exists (
                select from (
                    select t.needs_reason or t.keeps_reason as has_own,
                        t.action in ('reject', 'send_back', 'fall_through', 'expire') as has_offers
                    from app.trail e
                    join transition t on t.kind = e.kind and t.from_state = coalesce(e.from_state, '-') and t.action = e.action
                    where e.case_id = c.id and e.kind = $1
                    order by e.id desc
                    limit 1) last
                cross join lateral (select c.id union all select o.id from offer o
                    where $1 = 'application' and not last.has_offers and o.application_id = c.id
                        and o.province = c.province) former (id)
                join app.trail e on e.case_id = former.id
                where not last.has_own and e.reason_code = c.reason_code
                    and e.reason_text is not distinct from c.reason_text)
        $sql$, p_kind) using p_kind;
end
$$;
select app.drop_left_reasons(kind) from unnest('{need,application,offer,guarantee_case}'::text[]) kind;
drop function app.drop_left_reasons(text);

-- The states in which a case has ended.
create function app.final_states(p_kind text) returns text[] language sql stable as $$
    select coalesce(array_agg(s.state), '{}') from case_state s where s.kind = p_kind and s.is_final
$$;
revoke all on function app.final_states(text) from public;
grant execute on function app.final_states(text) to rongqiao_app, rongqiao_definer;
