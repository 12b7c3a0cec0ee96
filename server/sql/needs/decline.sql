-- An institution leaves an open need to others, with its reason.
-- lane: write
-- parameters: id input
select r.*
from app.pass_need($1::uuid, $2::jsonb) passed,
    lateral app.reply_moved('need', passed) r
where passed is not null
