-- A need leaves a round before its lists are sealed.
-- lane: write
-- parameters: id input
select r.*
from app.leave_round($1::uuid, $2::jsonb) x,
    app.reply(200, to_jsonb(x) - 'packages', null, null) r
where x.id is not null
