-- Who a token is and in how many milliseconds it ends, without using it; null: nobody any more.
-- lane: read
-- parameters: token_hash
select app.peek($1)
