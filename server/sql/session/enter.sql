-- Says who asks and begins the idempotent answer; goes before every statement of a request, in its transaction.
-- lane: read
-- parameters: user side org roles region request action key fingerprint
select app.enter_inline($1, $2, $3, $4, $5, $6, $7, $8, $9)
