-- Opens a session for a user whose password was right, and whose second factor, where there is one, was not used
-- before (else no row). The token itself is never here.
-- lane: write
-- parameters: user token_hash peer idle_seconds hours step recovery_hash device_hash
select s.session_id, to_char(s.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    app.side_of(u.roles, u.institution_id), array_to_string(u.roles, ','), u.name
from app.open_session($1::uuid, $2, $3, $4::int, $5::int, $6::bigint, $7, $8) s,
    app_user u
where u.id = $1::uuid
