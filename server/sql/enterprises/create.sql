-- Registers an enterprise. A code that fails its check waits for manual verification and is kept.
-- lane: write
-- parameters: input computed
select r.*
from app.make_enterprise($1::jsonb, $2::jsonb ->> 'uscc_check') e,
    lateral app.reply_made('enterprise', e.id) r
