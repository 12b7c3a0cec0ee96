-- Everything the engine's snapshot is made of, as one JSON document of one moment; for the catalogue follower.
-- lane: slow
-- parameters:
select jsonb_build_object(
    'version', (select version from catalogue),
    'lpr', (select to_jsonb(l) from lpr l order by published_on desc limit 1),
    'weights', (select document from score_weights order by version desc limit 1),
    'products', (select coalesce(jsonb_agg(app.product_json(p) || jsonb_build_object('record', app.record_of(p.institution_id))), '[]')
        from product p where p.state = 'online'),
    'programmes', (select coalesce(jsonb_agg(app.programme_json(p)), '[]') from programme p where p.state = 'online'))::text
