-- Who a token or an institution's key is, as one JSON object; null: nobody.
-- lane: read
-- parameters: token_hash
select app.resolve($1)
