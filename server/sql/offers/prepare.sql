-- What an offer's cost is reckoned with: the loan prime rates in force, and what stands behind it.
-- lane: read
-- parameters: input
select (jsonb_build_object('lpr_1y', lpr_1y_ppm, 'lpr_5y', lpr_5y_ppm, 'published_on', published_on)
    || app.backings(($1::jsonb ->> 'application_id')::uuid, ($1::jsonb ->> 'guarantee_required')::boolean))::text
from lpr
order by published_on desc
limit 1
