-- Registers enterprises line by line; answers with what became of each.
-- lane: write
-- parameters: computed
select r.*
from app.import_lines('enterprises', $1::jsonb -> 'lines') report,
    app.reply_import(report, $1::jsonb -> 'refused') r
