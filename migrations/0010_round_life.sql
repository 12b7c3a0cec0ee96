-- The life of a matchmaking round: planning, registering, sealing, running, answering, following up, and how the API
-- shows it. The tables are in 0009_rounds.sql, the rule in include/rongqiao/round.h.

-- Planning and registering ---------------------------------------------------------------------------------------

create function app.plan_round(i jsonb) returns round language plpgsql as $$
declare
    r round;
begin
    if not exists (select from region x where x.code = i ->> 'region_code') and i ->> 'region_code' <> '000000' then
        perform app.refuse(422, 'region_unknown', jsonb_build_object('pointer', '/region_code'));
    end if;
    r.id := app.uuid_v7();
    insert into round (id, province, round_no, name, note, region_code, venue, meets_on, registers_until, band_ppm,
        slots_total, slots_local, seed_hash, state, made_by)
    values (r.id, left(i ->> 'region_code', 2),
        'D' || to_char(now() at time zone 'Asia/Shanghai', 'YYYYMMDD') || '-'
            || upper(substr(translate(gen_random_uuid()::text, '-', ''), 1, 8)),
        i ->> 'name', i ->> 'note', i ->> 'region_code', i ->> 'venue', (i ->> 'meets_on')::date,
        ((i ->> 'registers_until')::date + 1)::timestamp at time zone 'Asia/Shanghai',
        coalesce((i ->> 'band_ppm')::int, 10000), coalesce((i ->> 'slots_total')::int, 0),
        coalesce((i ->> 'slots_local')::int, 0), app.commit_seed(r.id), 'planned', app.user_id())
    returning * into r;
    return r;
end
$$;

-- Makes the seed of a round that is being planned, keeps it where nobody reads it, and gives its hash. The first
-- seed of a round stays.
create function app.commit_seed(p_round uuid) returns text language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    v_seed text := encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
        || uuid_send(gen_random_uuid())), 'hex');
begin
    insert into round_seed (round_id, seed) values (p_round, v_seed);
    return encode(sha256(convert_to(v_seed, 'UTF8')), 'hex');
end
$$;

-- Holds the round's state until the registration is written: the seal waits for it, or it for the seal.
create function app.await_registering(p_round uuid) returns round language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    r round;
begin
    select * into r from round where id = p_round and state not in ('planned', 'cancelled') for share;
    if found and r.state <> 'registering' then
        perform app.refuse(409, 'round_not_registering', jsonb_build_object('state', r.state));
    end if;
    return r;
end
$$;

-- What a round takes from a need's last stored match: of each eligible package, in rank order, the institution, the
-- kind, and the institution's view of the need. That view is the fit part of the package's score, as a share of the
-- part's weight.
create function app.round_packages(m match_run) returns jsonb language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object('institution', q.package -> 'product' ->> 'institution_id',
        'kind', q.package -> 'product' ->> 'kind',
        'score_ppm', least(1000000, greatest(0, coalesce((q.package -> 'parts' ->> 'fit')::bigint
            / nullif((w.document ->> 'fit')::int, 0), 0)))) order by q.rank), '[]')
    from score_weights w,
        jsonb_array_elements(m.result::jsonb -> 'eligible') with ordinality q (package, rank)
    where w.version = m.weights_version
$$;

create function app.register_need(p_round uuid, i jsonb) returns round_need language plpgsql as $$
declare
    most constant int := 5000; -- what one seal and one run take at once
    r round := app.await_registering(p_round);
    n need;
    m match_run;
    x round_need;
begin
    if r.id is null then
        return null;
    end if;
    select * into n from need where id = (i ->> 'need_id')::uuid and enterprise_id = app.org_id();
    if not found then
        perform app.refuse(422, 'need_unknown', jsonb_build_object('pointer', '/need_id'));
    elsif n.state not in ('open', 'claimed', 'offered', 'stalled', 'unmet') then
        perform app.refuse(409, 'need_not_open', jsonb_build_object('state', n.state));
    elsif n.region_code not between r.region_code and app.region_high(r.region_code) then
        perform app.refuse(422, 'round_elsewhere', jsonb_build_object('pointer', '/need_id', 'region_code', r.region_code));
    elsif (app.round_counts(r.id) ->> 'needs')::int >= most then
        perform app.refuse(409, 'round_full', jsonb_build_object('needs', most));
    end if;
    select * into m from match_run where need_id = n.id and province = n.province order by id desc limit 1;
    insert into round_need as rn (province, round_id, need_id, enterprise_id, region_code, amount_fen, waits_since,
        first_loan, packages)
    values (n.province, r.id, n.id, n.enterprise_id, n.region_code, n.amount_fen, n.created_at,
        coalesce((m.input::jsonb -> 'facts' -> 'first_loan' ->> 'value')::boolean, n.green_channel = 'first_loan'),
        app.round_packages(m))
    on conflict (round_id, need_id, province) do update set left_at = null, amount_fen = excluded.amount_fen,
        first_loan = excluded.first_loan, packages = excluded.packages
    returning * into x;
    return x;
end
$$;

create function app.leave_round(p_round uuid, i jsonb) returns round_need language plpgsql as $$
declare
    r round := app.await_registering(p_round);
    x round_need;
begin
    update round_need set left_at = now()
    where round_id = r.id and need_id = (i ->> 'need_id')::uuid and enterprise_id = app.org_id()
    returning * into x;
    return x;
end
$$;

create function app.register_institution(p_round uuid, i jsonb) returns round_institution language plpgsql as $$
declare
    r round := app.await_registering(p_round);
    x round_institution;
begin
    if r.id is null then
        return null;
    end if;
    insert into round_institution (round_id, institution_id, is_local, slots, money_fen, kinds, amount_max_fen, registered_by)
    select r.id, t.id, t.region_code between r.region_code and app.region_high(r.region_code), (i ->> 'slots')::int,
        (i ->> 'money_fen')::bigint, coalesce((select array_agg(k) from jsonb_array_elements_text(i -> 'kinds') k), '{}'),
        (i ->> 'amount_max_fen')::bigint, app.user_id()
    from institution t
    where t.id = app.org_id()
    on conflict (round_id, institution_id) do update set slots = excluded.slots, money_fen = excluded.money_fen,
        kinds = excluded.kinds, amount_max_fen = excluded.amount_max_fen, registered_by = excluded.registered_by,
        updated_at = now()
    returning * into x;
    return x;
end
$$;

-- Sealing and running ---------------------------------------------------------------------------------------------

-- Which rows a draft was made of: tells whether anybody registered, left or answered since.
create function app.round_stamp(p_round uuid) returns text language sql stable
    security definer set search_path = public, pg_temp as $$
    select md5(
        coalesce((select string_agg(n.id::text || n.xmin::text, ' ' order by n.id) from round_need n where n.round_id = p_round), '')
        || coalesce((select string_agg(i.institution_id::text || i.xmin::text, ' ' order by i.institution_id)
            from round_institution i where i.round_id = p_round), '')
        || coalesce((select string_agg(p.id::text || p.xmin::text, ' ' order by p.id) from round_place p where p.round_id = p_round), ''))
$$;

-- What run `p_run` of a round decides on, as include/rongqiao/round.h takes it. Wishes: the institutions of the need's
-- match as it stood when the need registered (or registered again), eligible packages in rank order, the best of each
-- institution that takes part and takes such a loan. A further run is over the needs that have no institution, the
-- slots and the money that no place holds, and no pair twice.
create function app.round_draft(r round, p_run int) returns jsonb language sql stable
    security definer set search_path = public, pg_temp as $$
    with held as (
        select p.institution_id, count(*)::int as taken, sum(p.amount_fen)::bigint as taken_fen
        from round_place p
        where p.round_id = r.id and p.institution_id is not null
            and 'declined' not in (coalesce(p.enterprise_answer, ''), coalesce(p.institution_answer, ''))
        group by p.institution_id
    ), offering as (
        select i.institution_id as id, i.is_local, i.kinds, i.amount_max_fen,
            greatest(0, case when p_run = 1 then i.slots else coalesce(i.slots_given, 0) end - coalesce(h.taken, 0)) as slots,
            greatest(0, i.money_fen - coalesce(h.taken_fen, 0)) as money_fen, i.money_fen is null as unlimited,
            row_number() over (order by i.institution_id) - 1 as at
        from round_institution i
        left join held h on h.institution_id = i.institution_id
        where i.round_id = r.id
    ), asking as (
        select n.id, n.province, n.amount_fen, n.first_loan, n.packages,
            greatest(0, (now() at time zone 'Asia/Shanghai')::date - (n.waits_since at time zone 'Asia/Shanghai')::date) as waited
        from round_need n
        join need x on x.id = n.need_id and x.province = n.province
            and x.state in ('open', 'claimed', 'offered', 'stalled', 'unmet')
        where n.round_id = r.id and n.left_at is null
            and not exists (select from round_place p where p.registration_id = n.id and p.province = n.province
                and p.institution_id is not null and p.institution_answer is distinct from 'declined')
    ), shelf as materialized (
        -- By id, so that a wish finds its institution at once, however many there are of both.
        select coalesce(jsonb_object_agg(o.id, jsonb_build_object('at', o.at, 'kinds', o.kinds, 'most', o.amount_max_fen)), '{}')
            as by_id
        from offering o
    ), wishing as (
        select a.id, a.first_loan, a.waited, a.amount_fen, w.list
        from asking a, shelf s,
            lateral (
                select jsonb_agg(jsonb_build_array(x.at, x.score_ppm) order by x.rank) as list
                from (
                    select distinct on (o.at) o.at, q.rank, (q.package -> 'score_ppm')::int as score_ppm
                    from jsonb_array_elements(a.packages) with ordinality q (package, rank),
                        lateral (select s.by_id -> (q.package ->> 'institution') as it offset 0) i,
                        lateral (select (i.it -> 'at')::int as at) o
                    where i.it is not null
                        and (i.it -> 'kinds' = '[]' or i.it -> 'kinds' ? (q.package ->> 'kind'))
                        and (i.it -> 'most' = 'null' or a.amount_fen <= (i.it -> 'most')::bigint)
                        and not exists (select from round_place p where p.registration_id = a.id
                            and p.province = a.province and p.institution_id = (q.package ->> 'institution')::uuid)
                    order by o.at, q.rank) x) w
    )
    select jsonb_build_object('stamp', app.round_stamp(r.id), 'rule_version', 1, 'band_ppm', r.band_ppm,
        'slots_total', case when p_run = 1 then r.slots_total else 0 end,
        'slots_local', case when p_run = 1 then r.slots_local else 0 end,
        'institutions', coalesce((select jsonb_agg(jsonb_build_object('id', o.id, 'local', o.is_local, 'slots', o.slots,
            'money_fen', case when not o.unlimited then o.money_fen end) order by o.at) from offering o), '[]'),
        'needs', coalesce((select jsonb_agg(jsonb_build_object('id', a.id, 'first_loan', a.first_loan,
                'waited_days', a.waited, 'amount_fen', a.amount_fen, 'wishes', coalesce(a.list, '[]')) order by a.id)
            from wishing a), '[]'))
$$;

-- The seed of a round whose lists are being sealed or were.
create function app.tell_seed(p_round uuid) returns text language sql
    security definer set search_path = public, pg_temp as $$
    select s.seed from round_seed s join round r on r.id = s.round_id
    where r.id = p_round and app.action() in ('seal', 'rerun', 'run') and app.side() in ('authority', 'operator')
        and r.state not in ('planned', 'cancelled')
$$;

-- Seals the lists: `p_input` are the canonical bytes of a draft, if nobody registered or left since.
create function app.seal_round(p_id uuid, i jsonb, p_facts text, p_input text, p_hash text) returns round
language plpgsql as $$
declare
    r round;
begin
    select * into r from round x where x.id = p_id for update;
    if not found or not app.match_version(r.version, i) then
        return null;
    end if;
    if r.state = 'registering' and p_facts::jsonb ->> 'stamp' is distinct from app.round_stamp(r.id) then
        perform app.refuse(409, 'round_changed');
    end if;
    update round x set state = app.next_state('round', x.state, app.action()), seed = app.tell_seed(x.id), run_no = 1
    where x.id = p_id
    returning * into r;
    insert into round_run (round_id, run_no, rule_version, input, input_hash)
    values (r.id, 1, (p_facts::jsonb ->> 'rule_version')::int, p_input, p_hash);
    return r;
end
$$;

-- Keeps what the rule made of a sealed input, with its proof. `c`: {"input", "input_hash", "result", "proof"}; input
-- and result are taken as the bytes they are. A further run is sealed and run at once.
create function app.store_round(p_id uuid, i jsonb, p_facts text, c json, p_hash text) returns round
language plpgsql as $$
declare
    r round;
    v_to text;
begin
    select * into r from round x where x.id = p_id for update;
    if not found or not app.match_version(r.version, i) then
        return null;
    end if;
    v_to := app.next_state('round', r.state, app.action());
    if app.action() = 'rerun' then
        if p_facts::jsonb -> 'input' ->> 'stamp' is distinct from app.round_stamp(r.id) then
            perform app.refuse(409, 'round_changed');
        end if;
        r.run_no := r.run_no + 1;
        insert into round_run (round_id, run_no, rule_version, input, input_hash)
        values (r.id, r.run_no, (p_facts::jsonb -> 'input' ->> 'rule_version')::int, (c -> 'input')::text, c ->> 'input_hash');
    end if;
    update round x set state = v_to, run_no = r.run_no where x.id = p_id returning * into r;
    update round_run x set result = (c -> 'result')::text, result_hash = p_hash, proof = c -> 'proof', ran_at = now()
    where x.round_id = r.id and x.run_no = r.run_no and x.input_hash = c ->> 'input_hash' and x.result is null;
    if not found then
        perform app.refuse(409, 'round_changed');
    end if;
    update round_institution t set slots_given = (p ->> 'slots')::int
    from json_array_elements(c -> 'result' -> 'institutions') p
    where t.round_id = r.id and t.institution_id = (p ->> 'id')::uuid and r.run_no = 1;
    insert into round_place (province, round_id, run_no, registration_id, need_id, enterprise_id, region_code,
        institution_id, wish, refused, amount_fen)
    with institution_at as materialized (
        select o - 1 as at, q ->> 'id' as id
        from json_array_elements(c -> 'input' -> 'institutions') with ordinality x (q, o)
    )
    select n.province, r.id, r.run_no, n.id, n.need_id, n.enterprise_id, n.region_code, (p ->> 'institution')::uuid,
        (p ->> 'wish')::int, (
            select coalesce(jsonb_agg(jsonb_build_object('institution', a.id, 'full', f ->> 1, 'ahead', f ->> 2) order by o), '[]')
            from json_array_elements(p -> 'refused') with ordinality x (f, o)
            join institution_at a on a.at = (f ->> 0)::int), n.amount_fen
    from json_array_elements(c -> 'result' -> 'needs') p
    join round_need n on n.id = (p ->> 'id')::uuid and n.round_id = r.id;
    return r;
end
$$;

-- Every other move of who runs a round.
create function app.move_round(p_id uuid, i jsonb) returns round language plpgsql as $$
declare
    r round;
begin
    select * into r from round x where x.id = p_id for update;
    if not found or not app.match_version(r.version, i) then
        return null;
    end if;
    update round x set state = app.next_state('round', x.state, app.action()), note = coalesce(i ->> 'note', x.note),
        published_run = case when app.action() = 'publish' then x.run_no else x.published_run end,
        report = case when app.action() = 'report' then app.round_figures(x.id) else x.report end
    where x.id = p_id
    returning * into r;
    return r;
end
$$;

-- After the publication ------------------------------------------------------------------------------------------

-- The place of a party, while its round is in one of these states.
create function app.await_place(p_round uuid, p_place uuid, p_states text[]) returns round_place language plpgsql as $$
declare
    r round;
    p round_place;
begin
    select * into p from round_place x where x.id = p_place and x.round_id = p_round and x.institution_id is not null for update;
    if not found then
        perform app.refuse(422, 'round_place_unknown', jsonb_build_object('pointer', '/place_id'));
    end if;
    select * into r from round x where x.id = p_round;
    if not (r.state = any (p_states)) or r.state = 'confirming' and r.confirm_until < now() then
        perform app.refuse(409, 'round_not_now', jsonb_build_object('state', r.state, 'states', to_jsonb(p_states)));
    elsif r.state <> 'confirming' and 'declined' in (coalesce(p.enterprise_answer, ''), coalesce(p.institution_answer, '')) then
        perform app.refuse(409, 'round_place_declined');
    end if;
    return p;
end
$$;

-- Within 48 hours each side accepts or declines; until then it may change its mind. An enterprise that accepts is
-- known to that institution by name and contact.
create function app.answer_place(p_round uuid, i jsonb) returns round_place language plpgsql as $$
declare
    p round_place := app.await_place(p_round, (i ->> 'place_id')::uuid, array['confirming']);
    is_enterprise boolean := app.side() = 'enterprise';
begin
    update round_place x set
        enterprise_answer = case when is_enterprise then i ->> 'answer' else x.enterprise_answer end,
        enterprise_answered_at = case when is_enterprise then now() else x.enterprise_answered_at end,
        institution_answer = case when is_enterprise then x.institution_answer else i ->> 'answer' end,
        institution_answered_at = case when is_enterprise then x.institution_answered_at else now() end,
        note = coalesce(i ->> 'note', x.note)
    where x.id = p.id and x.province = p.province
    returning * into p;
    return p;
end
$$;

create function app.record_intent(p_round uuid, i jsonb) returns round_place language plpgsql as $$
declare
    p round_place := app.await_place(p_round, (i ->> 'place_id')::uuid, array['meeting', 'intents_recorded']);
begin
    update round_place x set intent_fen = (i ->> 'intent_fen')::bigint, intent_at = now(), note = coalesce(i ->> 'note', x.note)
    where x.id = p.id and x.province = p.province
    returning * into p;
    return p;
end
$$;

create function app.record_follow_up(p_round uuid, i jsonb) returns round_place language plpgsql as $$
declare
    p round_place := app.await_place(p_round, (i ->> 'place_id')::uuid, array['follow_up']);
begin
    insert into round_follow_up (place_id, province, day, side, contacted, approved_fen, funded_fen, recorded_by)
    values (p.id, p.province, (i ->> 'day')::int, app.side(), (i ->> 'contacted')::boolean,
        coalesce((i ->> 'approved_fen')::bigint, 0), coalesce((i ->> 'funded_fen')::bigint, 0), app.user_id())
    on conflict (place_id, day, side, province) do update set contacted = excluded.contacted,
        approved_fen = excluded.approved_fen, funded_fen = excluded.funded_fen, recorded_by = excluded.recorded_by,
        recorded_at = now();
    return p;
end
$$;

-- Intents and money side by side: needs, places, intents, and by day 7, 30 and 90 what was approved and funded as the
-- institutions tell it, and what of it the enterprises confirm. Only what the asker may see is counted.
create function app.round_figures(p_round uuid) returns jsonb language sql stable as $$
    with place as (
        select p.*, 'declined' in (coalesce(p.enterprise_answer, ''), coalesce(p.institution_answer, '')) as declined,
            p.enterprise_answer = 'accepted' and p.institution_answer = 'accepted' as agreed
        from round_place p
        where p.round_id = p_round
    ), day as (
        select f.day,
            count(*) filter (where f.side = 'institution' and f.contacted) as contacted,
            count(*) filter (where f.side = 'institution' and f.approved_fen > 0) as approved,
            coalesce(sum(f.approved_fen) filter (where f.side = 'institution'), 0) as approved_fen,
            count(*) filter (where f.side = 'institution' and f.funded_fen > 0) as funded,
            coalesce(sum(f.funded_fen) filter (where f.side = 'institution'), 0) as funded_fen,
            coalesce(sum(f.funded_fen) filter (where f.side = 'enterprise'), 0) as confirmed_fen
        from round_follow_up f
        join place p on p.id = f.place_id and p.province = f.province
        group by f.day
    )
    select jsonb_build_object(
        'needs', (select count(*) from round_need n where n.round_id = p_round and n.left_at is null),
        'needs_fen', (select coalesce(sum(n.amount_fen), 0) from round_need n where n.round_id = p_round and n.left_at is null),
        'matched', count(*) filter (where institution_id is not null and not declined),
        'matched_fen', coalesce(sum(amount_fen) filter (where institution_id is not null and not declined), 0),
        'agreed', count(*) filter (where agreed), 'declined', count(*) filter (where declined),
        'intents', count(*) filter (where intent_fen > 0), 'intent_fen', coalesce(sum(intent_fen), 0),
        'days', (select coalesce(jsonb_agg(jsonb_build_object('day', d.day, 'contacted', d.contacted,
            'approved', d.approved, 'approved_fen', d.approved_fen, 'funded', d.funded, 'funded_fen', d.funded_fen,
            'confirmed_fen', d.confirmed_fen) order by d.day), '[]') from day d))
    from place
$$;

-- As the API shows them -------------------------------------------------------------------------------------------

-- How many take part, for those who may not see who.
create function app.round_counts(p_round uuid) returns jsonb language sql stable
    security definer set search_path = public, pg_temp as $$
    select jsonb_build_object(
        'needs', (select count(*) from round_need n where n.round_id = p_round and n.left_at is null),
        'institutions', (select count(*) from round_institution i where i.round_id = p_round and i.slots > 0),
        'slots', (select coalesce(sum(i.slots), 0) from round_institution i where i.round_id = p_round))
$$;

-- The hashes are told when the lists are sealed; the lists with the result.
create function app.sealed_hashes(p_round uuid) returns table (run_no int, input_hash text, sealed_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
    select x.run_no, x.input_hash, x.sealed_at from round_run x where x.round_id = p_round
$$;

create function app.round_json(r round) returns jsonb language sql stable as $$
    select jsonb_build_object('id', r.id, 'round_no', r.round_no, 'name', r.name, 'note', r.note,
            'region_code', r.region_code, 'venue', r.venue, 'meets_on', r.meets_on, 'registers_until', r.registers_until,
            'band_ppm', r.band_ppm, 'slots_total', r.slots_total, 'slots_local', r.slots_local,
            'seed_hash', r.seed_hash, 'seed', r.seed, 'run_no', r.run_no, 'published_run', r.published_run,
            'confirm_until', r.confirm_until, 'counts', app.round_counts(r.id), 'report', r.report,
            'version', r.version, 'created_at', r.created_at, 'updated_at', r.updated_at)
        || jsonb_build_object('sealed', (select jsonb_agg(jsonb_build_object('run_no', s.run_no, 'input_hash', s.input_hash,
            'sealed_at', s.sealed_at) order by s.run_no) from app.sealed_hashes(r.id) s))
        || coalesce((select jsonb_build_object('rule_version', x.rule_version, 'result_hash', x.result_hash,
            'proof', x.proof, 'ran_at', x.ran_at)
            from round_run x where x.round_id = r.id order by x.run_no desc limit 1), '{}')
        || app.life_json('round', r.state, r.state_since, r.deadline_at, r.made_by)
$$;

-- An enterprise that accepted a place, to the institution it accepted; to others what they see anyway.
create function app.place_enterprise(p round_place) returns jsonb language sql stable
    security definer set search_path = public, pg_temp as $$
    select jsonb_build_object('id', e.id, 'name', e.name, 'uscc', e.uscc, 'contact_name', e.contact_name,
        'contact_mobile', e.contact_mobile)
    from enterprise e
    where e.id = p.enterprise_id and e.province = p.province
        and (app.side() in ('operator', 'auditor') or app.side() = 'authority' and app.in_region(e.region_code)
            or app.side() = 'enterprise' and e.id = app.org_id()
            or app.side() = 'institution' and p.institution_id = app.org_id() and exists (
                select from round_place x where x.id = p.id and x.province = p.province
                    and x.enterprise_answer = 'accepted'))
$$;

create function app.place_json(p round_place) returns jsonb language sql stable as $$
    select jsonb_build_object('id', p.id, 'round_id', p.round_id, 'run_no', p.run_no,
        'registration_id', p.registration_id, 'need_id', p.need_id, 'enterprise', app.place_enterprise(p),
        'region_code', p.region_code, 'amount_fen', p.amount_fen,
        'institution', (select jsonb_build_object('id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)
            from institution i where i.id = p.institution_id),
        'wish', p.wish,
        'refused', case when app.side() <> 'institution' then (
            select coalesce(jsonb_agg(x || jsonb_build_object('name_zh', i.name_zh, 'name_en', i.name_en) order by o), '[]')
            from jsonb_array_elements(p.refused) with ordinality q (x, o)
            join institution i on i.id = (x ->> 'institution')::uuid) end,
        'enterprise_answer', p.enterprise_answer, 'institution_answer', p.institution_answer, 'note', p.note,
        'intent_fen', p.intent_fen, 'intent_at', p.intent_at,
        'follow_ups', (select coalesce(jsonb_agg(jsonb_build_object('day', f.day, 'side', f.side,
                'contacted', f.contacted, 'approved_fen', f.approved_fen, 'funded_fen', f.funded_fen,
                'recorded_at', f.recorded_at) order by f.day, f.side), '[]')
            from round_follow_up f where f.place_id = p.id and f.province = p.province))
$$;

-- The answers to what changed a round or a place: the row as it now stands, read in a statement of its own.
create function app.reply_round(p_status int, p_id uuid)
returns table (status int, body text, location text, etag text) language plpgsql as $$
declare
    d jsonb;
begin
    select app.round_json(x) into d from round x where x.id = p_id;
    return query select * from app.reply(p_status, d, case when p_status = 201 then '/v1/rounds/' || p_id end,
        (d ->> 'version')::int);
end
$$;
create function app.reply_place(p_id uuid)
returns table (status int, body text, location text, etag text) language plpgsql as $$
declare
    d jsonb;
begin
    select app.place_json(x) into d from round_place x where x.id = p_id;
    return query select * from app.reply(200, d);
end
$$;

-- The clock: 48 hours after it was asked, a round goes on to its meeting; each follow-up day that passed makes the
-- next one due.
create function app.tick_rounds() returns jsonb language plpgsql security definer set search_path = public, pg_temp as $$
declare
    n_meeting int;
    n_follow_ups int;
begin
    with due as (
        select id from round where state = 'confirming' and confirm_until < now() limit 100 for update skip locked)
    update round r set state = 'meeting' from due where r.id = due.id;
    get diagnostics n_meeting = row_count;
    with due as (
        select r.id, (select min(d) from (values (7), (30), (90)) v (days),
                lateral (select r.followed_from + make_interval(days => v.days) as d) x
                where d > now()) as next_at
        from round r
        where r.state = 'follow_up' and r.deadline_at < now() - interval '1 day'
            and r.followed_from + interval '90 days' > now()
        limit 100 for update of r skip locked)
    update round r set deadline_at = due.next_at from due where r.id = due.id;
    get diagnostics n_follow_ups = row_count;
    return jsonb_build_object('rounds_met', n_meeting, 'round_follow_ups_due', n_follow_ups);
end
$$;

do $$
declare
    f regprocedure;
begin
    for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'app' and p.prosecdef and p.proowner <> 'rongqiao_definer'::regrole loop
        execute format('alter function %s owner to rongqiao_definer', f);
    end loop;
end
$$;
revoke all on all functions in schema app from public;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
