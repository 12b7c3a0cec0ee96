-- Keeps a new secret of the asker's, in the place of one that was never confirmed.
-- lane: write
-- parameters: sealed
select app.totp_begin($1)
