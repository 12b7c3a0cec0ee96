-- What the figures of matchmaking rounds mean, with the lists that they count; special days have an English name; whose
-- one-time codes are in force is told to operators.

-- Figures ----------------------------------------------------------------------------------------------------

alter table figure
    drop constraint figure_report_check,
    drop constraint figure_unit_check,
    drop constraint figure_list_check,
    add constraint figure_report_check check (report in ('funnel', 'regions', 'institutions', 'guarantors', 'trend',
        'overdue', 'round', 'follow_up')),
    add constraint figure_unit_check check (unit in ('cases', 'enterprises', 'institutions', 'fen', 'working_hours', 'ppm', 'time')),
    add constraint figure_list_check check (list in ('needs', 'applications', 'offers', 'guarantee-cases', 'enterprises',
        'statistics/overdue-cases', 'rounds/{id}/needs', 'rounds/{id}/institutions', 'rounds/{id}/places'));

-- As app.round_counts() and app.round_figures() count them. A follow-up figure is of one day: its row's day goes with it.
insert into figure (report, field, ordinal, unit, list, filter, adds_up, name_zh, name_en, text_zh, text_en) values
    ('round', 'needs', 1, 'cases', 'rounds/{id}/needs', '{"left": false}', null, '报名需求', 'registered needs',
        '报名且没有退出的融资需求笔数', 'Needs that registered and did not leave'),
    ('round', 'needs_fen', 2, 'fen', 'rounds/{id}/needs', '{"left": false}', 'amount_fen', '报名金额', 'amount registered',
        '上述需求的申请金额之和', 'Sum of the amounts these needs ask for'),
    ('round', 'institutions', 3, 'institutions', 'rounds/{id}/institutions', '{"left": false}', null, '参加机构',
        'institutions', '登记了至少一个席位的机构家数', 'Institutions that bring at least one slot'),
    ('round', 'slots', 4, 'cases', 'rounds/{id}/institutions', '{"left": false}', 'slots', '登记席位', 'slots',
        '上述机构登记的席位（可承接笔数）之和', 'Sum of the slots (cases they take) of these institutions'),
    ('round', 'matched', 5, 'cases', 'rounds/{id}/places', '{"step": "matched"}', null, '撮合成功', 'matched',
        '分配到机构且双方都没有谢绝的结果笔数', 'Places with an institution that neither side declined'),
    ('round', 'matched_fen', 6, 'fen', 'rounds/{id}/places', '{"step": "matched"}', 'amount_fen', '撮合金额',
        'amount matched', '上述结果的需求金额之和', 'Sum of the amounts that the needs of these places ask for'),
    ('round', 'agreed', 7, 'cases', 'rounds/{id}/places', '{"step": "agreed"}', null, '双方接受', 'accepted by both',
        '企业和机构都答复接受的结果笔数', 'Places that both enterprise and institution accepted'),
    ('round', 'declined', 8, 'cases', 'rounds/{id}/places', '{"step": "declined"}', null, '谢绝', 'declined',
        '企业或机构答复谢绝的结果笔数', 'Places that the enterprise or the institution declined'),
    ('round', 'intents', 9, 'cases', 'rounds/{id}/places', '{"step": "intents"}', null, '意向', 'intents',
        '机构登记了意向金额的结果笔数', 'Places for which the institution recorded an intended amount'),
    ('round', 'intent_fen', 10, 'fen', 'rounds/{id}/places', '{"step": "intents"}', 'intent_fen', '意向金额',
        'amount intended', '机构登记的意向金额之和', 'Sum of the amounts that institutions intend'),
    ('follow_up', 'contacted', 1, 'cases', 'rounds/{id}/places', '{"step": "contacted"}', null, '已联系', 'in contact',
        '机构在该日回访中登记已与企业联系的结果笔数', 'Places whose institution told, on that day, that they are in contact'),
    ('follow_up', 'approved', 2, 'cases', 'rounds/{id}/places', '{"step": "approved"}', null, '获批', 'approved',
        '机构在该日回访中登记了已批金额的结果笔数', 'Places whose institution told, on that day, an amount approved'),
    ('follow_up', 'approved_fen', 3, 'fen', 'rounds/{id}/places', '{"step": "approved"}', 'follow_ups.approved_fen', '获批金额',
        'amount approved', '机构登记的截至该日已批金额之和', 'Sum of what institutions told that they approved by that day'),
    ('follow_up', 'funded', 4, 'cases', 'rounds/{id}/places', '{"step": "funded"}', null, '放款', 'funded',
        '机构在该日回访中登记了已放款金额的结果笔数', 'Places whose institution told, on that day, an amount paid out'),
    ('follow_up', 'funded_fen', 5, 'fen', 'rounds/{id}/places', '{"step": "funded"}', 'follow_ups.funded_fen', '放款金额',
        'amount funded', '机构登记的截至该日已放款金额之和', 'Sum of what institutions told that they paid out by that day'),
    ('follow_up', 'confirmed_fen', 6, 'fen', 'rounds/{id}/places', '{"step": "confirmed"}', 'follow_ups.funded_fen',
        '企业确认金额', 'amount confirmed', '企业登记的截至该日已收到放款金额之和',
        'Sum of what enterprises told that they received by that day');

-- Whether a place is among those that a figure counts.
create function app.place_counts(p round_place, p_step text, p_day int) returns boolean language sql stable
    return case
        when p_step is null then true
        when p_step = 'matched' then p.institution_id is not null
            and not 'declined' in (coalesce(p.enterprise_answer, ''), coalesce(p.institution_answer, ''))
        when p_step = 'agreed' then p.enterprise_answer = 'accepted' and p.institution_answer = 'accepted'
        when p_step = 'declined' then 'declined' in (coalesce(p.enterprise_answer, ''), coalesce(p.institution_answer, ''))
        when p_step = 'intents' then p.intent_fen > 0
        else exists (select from round_follow_up f
            where f.place_id = p.id and f.province = p.province and (p_day is null or f.day = p_day)
                and f.side = case p_step when 'confirmed' then 'enterprise' else 'institution' end
                and case p_step when 'contacted' then f.contacted when 'approved' then f.approved_fen > 0
                    else f.funded_fen > 0 end)
    end;

-- The calendar -----------------------------------------------------------------------------------------------

alter table holiday add column name_en text;
update holiday h set name_en = t.en || case when h.name = t.zh then '' else ' (make-up day)' end
from (values ('元旦', 'New Year''s Day'), ('春节', 'Spring Festival'), ('清明节', 'Qingming Festival'),
    ('劳动节', 'Labour Day'), ('端午节', 'Dragon Boat Festival'), ('中秋节', 'Mid-Autumn Festival'),
    ('国庆节', 'National Day'), ('国庆节、中秋节', 'National Day and Mid-Autumn Festival')) t (zh, en)
where h.name in (t.zh, t.zh || '调休');

-- As in 0016, with the name in English.
create or replace function app.set_calendar(i jsonb) returns int language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    v_first date := (select min((x ->> 'day')::date) from jsonb_array_elements(i -> 'days') x);
    v_end date := (select max(day) from working_day);
    n int;
begin
    if app.side() <> 'operator' then
        perform app.refuse(403, 'forbidden');
    end if;
    if exists (select from jsonb_array_elements(i -> 'days') x where (x ->> 'day')::date > v_end) then
        perform app.refuse(422, 'calendar_too_far', jsonb_build_object('pointer', '/days', 'last_day', v_end));
    end if;
    lock table working_day in share row exclusive mode;
    delete from holiday where day in (select (x ->> 'day')::date from jsonb_array_elements(i -> 'days') x
        where (x ->> 'remove')::boolean);
    insert into holiday as h (day, is_workday, name, name_en)
    select (x ->> 'day')::date, (x ->> 'is_workday')::boolean, x ->> 'name', x ->> 'name_en'
    from jsonb_array_elements(i -> 'days') x
    where not coalesce((x ->> 'remove')::boolean, false)
    on conflict (day) do update set is_workday = excluded.is_workday, name = excluded.name,
        name_en = excluded.name_en;
    delete from working_day where day >= v_first;
    insert into working_day (day, seq)
    select d::date, coalesce((select max(seq) from working_day), 0) + row_number() over (order by d)
    from generate_series(v_first::timestamp, v_end::timestamp, interval '1 day') d
    left join holiday h on h.day = d::date
    where coalesce(h.is_workday, extract(isodow from d) < 6);
    get diagnostics n = row_count;
    perform app.audit('00', 'calendar', app.uuid_v7(), 'change', null, null, null, null, i);
    return n;
end
$$;

create or replace function app.calendar_json(p_year int) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('items', coalesce((select jsonb_agg(jsonb_build_object('day', h.day,
                    'is_workday', h.is_workday, 'name', h.name, 'name_en', h.name_en) order by h.day)
                from holiday h
                where p_year is null or h.day between make_date(p_year, 1, 1) and make_date(p_year, 12, 31)), '[]'),
            'next', null, 'first_day', (select min(day) from working_day), 'last_day', (select max(day) from working_day),
            'working_days', (select count(*) from working_day w
                where p_year is null or w.day between make_date(p_year, 1, 1) and make_date(p_year, 12, 31)),
            -- years without a single announced day count weekends only
            'announced_years', (select coalesce(jsonb_agg(distinct extract(year from h.day)::int), '[]') from holiday h))
    );
end
$$;

-- One-time codes ---------------------------------------------------------------------------------------------

-- Whether a user's one-time codes are in force, for operators.
create function app.has_totp(p_user uuid) returns boolean language sql stable
    security definer set search_path = public, pg_temp as $$
    select app.side() = 'operator' and exists (select from totp t where t.user_id = p_user and t.confirmed_at is not null)
$$;

alter function app.set_calendar(jsonb) owner to rongqiao_definer;
alter function app.has_totp(uuid) owner to rongqiao_definer;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
