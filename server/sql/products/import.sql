-- Makes products in draft line by line, or only tries to; answers with what became (or would become) of each.
-- lane: write
-- parameters: computed query
select r.*
from app.import_lines('products', $1::jsonb -> 'lines', not coalesce(($2::jsonb ->> 'dry_run')::boolean, false),
        $1::jsonb -> 'problems') report,
    app.reply_import(report, $1::jsonb -> 'refused') r
