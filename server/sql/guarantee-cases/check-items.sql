-- The guarantor notes what it found of items of the checklist.
-- lane: write
-- parameters: id input
select r.*
from app.check_guarantee($1::uuid, $2::jsonb) checked,
    lateral app.reply_moved('guarantee_case', checked) r
where checked is not null
