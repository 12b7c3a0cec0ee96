-- One need, if the asker may see it.
-- lane: read
-- parameters: id
select 200, concat('{', app.need_members(n, e, s), app.and_desk(n), '}'), null, '"' || n.version || '"',
    app.seen('need', n.id, n.enterprise_id, n.province) as seen
from need n
join case_state s on s.kind = 'need' and s.state = n.state
left join enterprise e on e.id = n.enterprise_id and e.province = n.province
where n.id = $1::uuid
