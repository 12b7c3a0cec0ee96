-- Counts a wrong password and sets the pause it earns.
-- lane: write
-- parameters: user free
select app.login_failed($1::uuid, $2::int)
