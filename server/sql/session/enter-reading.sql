-- Says who asks, before a statement of the read lane: it has no key and acts on nothing.
-- lane: read
-- parameters: user side org roles region
select app.enter_reading($1, $2, $3, $4, $5)
