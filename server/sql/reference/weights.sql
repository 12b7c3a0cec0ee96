-- The published weights of the score, newest first, each with the reason of its change.
-- lane: read
-- parameters:
select 200, jsonb_build_object('items', jsonb_agg(w.document || jsonb_build_object('reason', w.reason,
    'published_at', w.created_at) order by w.version desc), 'next', null)::text, null, null
from score_weights w
