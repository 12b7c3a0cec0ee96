-- Puts a secret that was sealed anew in the place of the one that was read, unless it was replaced meanwhile; in the
-- parameters of private/reseal.
-- lane: write
-- parameters: id province secret_before secret_sealed secret_hash
update totp t
set secret = $4
where t.user_id = $1::uuid
    and t.secret = $3
    and $2 = ''
    and $5::text is null
returning 1
