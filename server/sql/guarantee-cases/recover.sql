-- Books the recovery and moves the case.
-- lane: write
-- parameters: id input
select r.*
from app.book_guarantee($1::uuid, 'recovery', $2::jsonb) g,
    lateral app.reply_moved('guarantee_case', g.id) r
where g.id is not null
