-- A government body opens (or ends) the green channel of a need: its clocks run shorter from now on (notice point 10).
-- lane: write
-- parameters: id input
with changed as (
    update need n
    set green_channel = $2::jsonb ->> 'green_channel',
        deadline_at = case when s.hours is not null then app.add_working_hours(n.state_since,
            case when $2::jsonb ->> 'green_channel' <> 'none' then coalesce(s.green_hours, s.hours) else s.hours end) end,
        version = n.version + 1,
        updated_at = now()
    from case_state s
    where n.id = $1::uuid
        and s.kind = 'need'
        and s.state = n.state
        and not s.is_final
        and app.match_version(n.version, $2::jsonb)
    returning n.*
), followed as (
    update application a
    set green_channel = c.green_channel
    from changed c
    where a.need_id = c.id
        and a.province = c.province
    returning a.id
)
select r.*
from changed c,
    (select count(*) from followed) counted,
    app.audit(c.province, 'need', c.id, 'green_channel', c.state, c.state, null, $2::jsonb ->> 'note', to_jsonb(c)) logged,
    lateral app.reply_moved('need', c.id) r
