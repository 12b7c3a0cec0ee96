-- The version of the catalogue now; the follower's safety net beside LISTEN.
-- lane: read
-- parameters:
select version from catalogue
