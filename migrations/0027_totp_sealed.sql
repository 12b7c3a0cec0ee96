-- The secrets of one-time codes are sealed under the keys of personal data (server/api/private.c). `rongqiao keys rotate`
-- seals those of before, and again under a new key.

-- One of each cipher and key in use, to see before serving that the keys fit; '' : not sealed.
create function app.totp_samples() returns table (place text, sealed text, kind text) language sql stable
    security definer set search_path = public, pg_temp as $$
    select distinct on (k.kind) 'totp.secret.' || t.user_id, t.secret, k.kind
    from totp t
    cross join lateral (select case when t.secret like 'rqs1.%' then substr(t.secret, 6, 10) else '' end as kind) k
    where app.side() = 'system'
    order by k.kind
$$;
alter function app.totp_samples() owner to rongqiao_definer;
revoke all on function app.totp_samples() from public;
grant execute on function app.totp_samples() to rongqiao_app;
