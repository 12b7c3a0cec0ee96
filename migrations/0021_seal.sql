-- The seal of the trail: every row of audit_event is numbered and chained by hash after it was committed, so that no
-- commit waits for another; checkpoints of the chain are signed and kept outside (the server's files).

-- Rows that are committed and not yet sealed. A row's entry is written with it and seen with it, so the sealer
-- passes over none, however late its transaction ends.
create table audit_waiting (
    id uuid not null,
    province text collate "C" not null,
    primary key (id, province)
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

create table audit_seal (
    n bigint primary key,
    event_id uuid not null,
    province text collate "C" not null,
    algorithm text not null,
    hash bytea not null, -- over the hash before, the number and the row (include/rongqiao/audit.h)
    sealed_at timestamptz not null default clock_timestamp(),
    constraint audit_seal_number check (n > 0),
    constraint audit_seal_algorithm check (algorithm in ('sha256', 'sm3')),
    constraint audit_seal_hash check (octet_length(hash) = 32),
    constraint audit_seal_event unique (event_id, province)
);

-- The signed checkpoints as they were written outside.
create table audit_checkpoint (
    number bigint primary key,
    size bigint not null,
    line text not null,
    made_at timestamptz not null default clock_timestamp(),
    constraint audit_checkpoint_number check (number > 0 and size > 0)
);

create trigger audit_seal_append_only before update or delete on audit_seal
    for each row execute function app.forbid_change();
create trigger audit_seal_no_truncate before truncate on audit_seal
    for each statement execute function app.forbid_change();
create trigger audit_checkpoint_append_only before update or delete on audit_checkpoint
    for each row execute function app.forbid_change();
create trigger audit_checkpoint_no_truncate before truncate on audit_checkpoint
    for each statement execute function app.forbid_change();

-- Names its table in full and uses no operator, so that it needs no search_path of its own, which would cost each row.
create function app.await_seal() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
    insert into audit_waiting (id, province) values (new.id, new.province);
    return null;
end
$$;
create trigger audit_event_awaits_seal after insert on audit_event
    for each row execute function app.await_seal();
insert into audit_waiting (id, province) select id, province from audit_event;

insert into job (name, name_zh, name_en) values ('seal', '审计记录封存', 'the trail is sealed');

-- Appends seals [{id, province, hash}] behind number `p_after`, which must be the last one. Only what waits is sealed.
create function app.seal(p_after bigint, p_algorithm text, p_rows jsonb, p_interval_ms bigint) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_wanted int := jsonb_array_length(p_rows);
    v_removed int;
begin
    if v_wanted > 0 then
        perform pg_advisory_xact_lock(hashtext('rongqiao_audit_seal'));
        if p_after <> (select coalesce(max(n), 0) from audit_seal) then
            raise exception using errcode = '40001', message = 'audit_sealed_elsewhere';
        end if;
        insert into audit_seal (n, event_id, province, algorithm, hash)
        select p_after + r.position, (r.item ->> 'id')::uuid, r.item ->> 'province', p_algorithm,
            decode(r.item ->> 'hash', 'hex')
        from jsonb_array_elements(p_rows) with ordinality r (item, position);
        delete from audit_waiting w
        using jsonb_to_recordset(p_rows) r (id uuid, province text)
        where w.id = r.id and w.province = r.province;
        get diagnostics v_removed = row_count;
        if v_removed <> v_wanted then
            raise exception using errcode = '40001', message = 'audit_sealed_what_does_not_wait';
        end if;
    end if;
    perform app.note_job('seal', p_interval_ms, jsonb_build_object('rows_sealed', v_wanted));
    return p_after + v_wanted;
end
$$;

create function app.keep_checkpoint(p_number bigint, p_size bigint, p_line text) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    insert into audit_checkpoint (number, size, line) values (p_number, p_size, p_line) returning number
$$;

grant select on audit_waiting, audit_seal, audit_checkpoint to rongqiao_app, rongqiao_definer;
alter table audit_waiting enable row level security;
alter table audit_waiting force row level security;
create policy audit_waiting_keep on audit_waiting to rongqiao_definer using (true) with check (true);
create policy audit_waiting_read on audit_waiting for select to rongqiao_app using (app.side() in ('auditor', 'system'));
alter table audit_seal enable row level security;
alter table audit_seal force row level security;
create policy audit_seal_keep on audit_seal to rongqiao_definer using (true) with check (true);
create policy audit_seal_read on audit_seal for select to rongqiao_app using (app.side() in ('auditor', 'system'));
alter table audit_checkpoint enable row level security;
alter table audit_checkpoint force row level security;
create policy audit_checkpoint_keep on audit_checkpoint to rongqiao_definer using (true) with check (true);
create policy audit_checkpoint_read on audit_checkpoint for select to rongqiao_app using (app.side() in ('auditor', 'system'));
grant insert, delete on audit_waiting to rongqiao_definer;
grant insert on audit_seal, audit_checkpoint to rongqiao_definer;
alter function app.await_seal() owner to rongqiao_definer;
alter function app.seal(bigint, text, jsonb, bigint) owner to rongqiao_definer;
alter function app.keep_checkpoint(bigint, bigint, text) owner to rongqiao_definer;
revoke all on function app.await_seal(), app.seal(bigint, text, jsonb, bigint),
    app.keep_checkpoint(bigint, bigint, text) from public;
grant execute on function app.seal(bigint, text, jsonb, bigint), app.keep_checkpoint(bigint, bigint, text)
    to rongqiao_app;
