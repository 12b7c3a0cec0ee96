-- A page of the secrets of one-time codes, after a user's id, for `rongqiao keys rotate`; in the columns of private/page.
-- lane: slow
-- parameters: after limit
select user_id, '' as province, secret, null
from totp
where user_id > $1::uuid
order by user_id
limit $2::int
