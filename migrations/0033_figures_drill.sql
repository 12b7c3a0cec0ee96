-- Every figure leads to a list: medians and rates to the cases that they are taken over, a share of the funnel to what it
-- is a share of, the overdue figures to the cases that wait for that side. A nudge names its parties in both languages.

alter table figure drop constraint figure_report_check, drop constraint figure_unit_check, drop constraint figure_list_check;
alter table figure
    add constraint figure_report_check
        check (report in ('funnel', 'regions', 'institutions', 'guarantors', 'trend', 'overdue')),
    add constraint figure_unit_check check (unit in ('cases', 'enterprises', 'fen', 'working_hours', 'ppm', 'time')),
    add constraint figure_list_check
        check (list in ('needs', 'applications', 'offers', 'guarantee-cases', 'enterprises', 'statistics/overdue-cases'));

-- Only what counts or adds up equals its list; the unit says which does.
update figure f set list = r.list, filter = r.filter::jsonb
from (values
    ('funnel', 'median_hours', 'needs', null),
    ('regions', 'median_offer_hours', 'needs', '{"step": "offered"}'),
    ('institutions', 'median_answer_hours', 'applications', '{"step": "answered"}'),
    ('institutions', 'yes_ppm', 'applications', '{"step": "answered"}'),
    ('guarantors', 'median_answer_hours', 'guarantee-cases', '{"step": "answered"}'),
    ('guarantors', 'yes_ppm', 'guarantee-cases', '{"step": "answered"}'),
    ('trend', 'median_offer_hours', 'needs', '{"step": "offered", "by": "step"}')) r (report, field, list, filter)
where f.report = r.report and f.field = r.field;
insert into figure (report, field, ordinal, unit, list, filter, name_zh, name_en, text_zh, text_en) values
    ('funnel', 'share_ppm', 14, 'ppm', 'needs', null, '占比', 'share',
        '该步笔数占其基数的比例：匹配与报方案占发布，担保同意占申请过担保的需求，放款占报方案',
        'The step over what contains it: matched and offered over posted, guaranteed over the needs that asked for a '
        'guarantee, funded over offered'),
    ('overdue', 'cases', 1, 'cases', 'statistics/overdue-cases', null, '逾期合计', 'overdue',
        '已过时限、正轮到该机构办理的申请、方案和担保业务笔数；等待企业、主管部门或平台的不计入',
        'Applications, offers and guarantee cases past their deadline that wait for this institution; not those that wait '
        'for the enterprise, an authority or the operator'),
    ('overdue', 'applications', 2, 'cases', 'applications', '{"overdue": true}', '申请', 'applications',
        '其中的申请笔数', 'Of these, applications'),
    ('overdue', 'offers', 3, 'cases', 'offers', '{"overdue": true}', '授信方案', 'offers',
        '其中的授信方案份数', 'Of these, offers'),
    ('overdue', 'guarantee_cases', 4, 'cases', 'guarantee-cases', '{"overdue": true}', '担保业务', 'guarantee cases',
        '其中的担保业务笔数', 'Of these, guarantee cases'),
    ('overdue', 'oldest_deadline_at', 5, 'time', 'statistics/overdue-cases', null, '最早到期', 'earliest deadline',
        '其中最早到期的一笔的时限', 'The deadline of the one that fell due first');

-- Asked for a guarantee (app.asked_guarantee says which) is a step that the posting alone has a time for.
create or replace function app.steps_fit(i jsonb, p_posted timestamptz, p_matched timestamptz, p_offered timestamptz,
    p_guaranteed timestamptz, p_funded timestamptz) returns boolean language sql stable
    return (i ->> 'step' is null or case i ->> 'step' when 'posted' then p_posted when 'asked' then p_posted
            when 'matched' then p_matched when 'offered' then p_offered when 'guaranteed' then p_guaranteed
            else p_funded end is not null)
        and app.time_fits(i, case when i ->> 'by' = 'step' then case i ->> 'step' when 'matched' then p_matched
            when 'offered' then p_offered when 'guaranteed' then p_guaranteed when 'funded' then p_funded
            else p_posted end else p_posted end);

create or replace function app.nudge_json(d nudge) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', d.id, 'subject_kind', d.subject_kind, 'subject_id', d.subject_id,
            'subject_state', d.subject_state, 'deadline_at', d.deadline_at, 'region_code', d.region_code,
            'message', d.message, 'made_by', d.made_by, 'made_by_name', d.made_by_name, 'made_at', d.made_at,
            'parties', (select jsonb_agg(p || jsonb_build_object('name_zh', coalesce(i.name_zh, e.name),
                    'name_en', i.name_en))
                from jsonb_array_elements(d.parties) p
                left join institution i on p ->> 'kind' = 'institution' and i.id = (p ->> 'id')::uuid
                left join enterprise e on p ->> 'kind' = 'enterprise' and e.id = (p ->> 'id')::uuid))
    );
end
$$;

-- Whether a nudge of the case would reach somebody now: it waits for a known party, and none was nudged today.
create function app.can_nudge(p_kind text, p_id uuid) returns boolean language sql stable as $$
    select coalesce((select c.parties -> 0 ->> 'id' is not null from app.nudge_subject(p_kind, p_id) c), false)
        and not exists (select from nudge d where d.subject_id = p_id
            and d.day = (now() at time zone 'Asia/Shanghai')::date)
$$;
grant execute on function app.can_nudge(text, uuid) to rongqiao_app, rongqiao_definer;
