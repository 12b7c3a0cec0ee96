-- Everything the engine's snapshot is made of, as one JSON document, for the newest version (null) or an older one.
-- lane: slow
-- parameters: version
select app.catalogue_json(coalesce($1::bigint, (select version from catalogue)))::text
