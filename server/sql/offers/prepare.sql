-- The loan prime rates in force, for offers that are points over one of them.
-- lane: read
-- parameters:
select jsonb_build_object('lpr_1y', lpr_1y_ppm, 'lpr_5y', lpr_5y_ppm, 'published_on', published_on)::text
from lpr
order by published_on desc
limit 1
