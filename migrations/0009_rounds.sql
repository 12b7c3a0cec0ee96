-- Matchmaking rounds (对接会; domain reference 3.7): an authority plans one, enterprises register needs, institutions
-- bring slots and money; the lists are sealed, matched by the rule of include/rongqiao/round.h, published with
-- reasons and proof, confirmed, met, and followed up until the money can be counted beside the intents.
--
-- Nobody can choose the draw: the seed is made when the round is planned, its hash is published at once, the seed
-- itself leaves round_seed only when the lists are sealed. Ids in inputs and results are those of registrations, made
-- for one round, so that an export can be public and tells nothing of an enterprise elsewhere.

create table round (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null, -- of the region; '00': the whole country
    round_no text not null constraint round_no_taken unique,
    name text not null constraint round_name_length check (char_length(name) between 2 and 120),
    note text,
    region_code text collate "C" not null, -- needs of this region may register; institutions seated in it are local
    venue text,
    meets_on date,
    registers_until timestamptz not null,
    band_ppm int not null default 10000 constraint round_band_range check (band_ppm between 1 and 1000000),
    slots_total int not null default 0 constraint round_slots_range check (slots_total between 0 and 1000000),
    slots_local int not null default 0 constraint round_slots_local_within check (slots_local between 0 and slots_total),
    seed_hash text collate "C" not null,
    seed text collate "C", -- null until the lists are sealed
    run_no int not null default 0, -- the run that was sealed last
    published_run int not null default 0, -- the run that everybody may see; 0: none
    confirm_until timestamptz,
    followed_from timestamptz,
    report jsonb,
    state text not null,
    state_since timestamptz not null default now(),
    deadline_at timestamptz,
    made_by uuid,
    checked_by uuid,
    reason_code text references refusal_reason (code),
    reason_text text,
    green_channel text not null default 'none',
    version int not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (id),
    constraint round_seed_told_with_inputs check (run_no = 0 or seed is not null),
    constraint round_publishes_what_ran check (published_run <= run_no)
);
create index round_region on round (region_code, id);
create index round_reason on round (reason_code) where reason_code is not null;
create index round_deadline on round (deadline_at) where deadline_at is not null;
create trigger round_guard before insert or update of state on round
    for each row execute function app.guard_case('round');

-- The clocks that are not working hours: the end of registration, 48 hours to confirm, day 7, 30 and 90. Fires after
-- the guard (triggers go by name).
create function app.round_clock() returns trigger language plpgsql as $$
begin
    if new.state = 'registering' then
        new.deadline_at := new.registers_until;
    elsif new.state = 'confirming' and old.state <> 'confirming' then
        new.confirm_until := now() + interval '48 hours';
        new.deadline_at := new.confirm_until;
    elsif new.state = 'follow_up' then
        new.followed_from := coalesce(new.followed_from, now());
        new.deadline_at := (select min(d) from (values (7), (30), (90)) v (days),
                lateral (select new.followed_from + make_interval(days => v.days) as d) x
            where d > now());
    end if;
    return new;
end
$$;
create trigger round_times before insert or update of state on round for each row execute function app.round_clock();

create table round_seed (
    round_id uuid primary key references round (id) deferrable initially deferred, -- made before its round
    seed text collate "C" not null
);

-- What an institution brings.
create table round_institution (
    round_id uuid not null references round (id),
    institution_id uuid not null references institution (id),
    is_local boolean not null, -- seated in the round's region: may take the kept slots
    slots int not null constraint round_institution_slots_range check (slots between 0 and 100000),
    money_fen bigint constraint round_institution_money_range check (money_fen between 1 and 100000000000000),
    kinds text[] not null default '{}', -- of its products; none: all
    amount_max_fen bigint constraint round_institution_amount_range check (amount_max_fen between 100000 and 100000000000),
    slots_given int, -- after the kept slots were shared out, by the first run
    registered_by uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (round_id, institution_id)
);
create index round_institution_institution on round_institution (institution_id);

-- A need that takes part.
create table round_need (
    id uuid not null default gen_random_uuid(), -- its name in inputs and results: tells nothing, not even when
    province text collate "C" not null,
    round_id uuid not null references round (id),
    need_id uuid not null,
    enterprise_id uuid not null,
    region_code text collate "C" not null,
    amount_fen bigint not null,
    waits_since timestamptz not null,
    first_loan boolean not null,
    packages jsonb not null, -- institution, kind and score of each package of its match, in rank order
    left_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (id, province),
    foreign key (need_id, province) references need (id, province),
    constraint round_need_once unique (round_id, need_id, province)
);
create index round_need_need on round_need (need_id, province);
create index round_need_enterprise on round_need (enterprise_id, province);

-- One run: the sealed bytes, and what the rule made of them. The first is sealed with its lists; a further one, over
-- what was declined, with its own.
create table round_run (
    round_id uuid not null references round (id),
    run_no int not null check (run_no between 1 and 9),
    rule_version int not null,
    input text not null,
    input_hash text collate "C" not null,
    result text,
    result_hash text collate "C",
    proof jsonb,
    sealed_at timestamptz not null default now(),
    ran_at timestamptz,
    primary key (round_id, run_no),
    constraint round_run_is_proved check ((result is null) = (proof is null) and (result is null) = (result_hash is null)),
    constraint round_run_is_stable check ((proof ->> 'blocking_pairs')::bigint = 0)
);

-- What each need got, and what came of it.
create table round_place (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    round_id uuid not null,
    run_no int not null,
    registration_id uuid not null,
    need_id uuid not null,
    enterprise_id uuid not null,
    region_code text collate "C" not null,
    institution_id uuid references institution (id), -- null: none would take it
    wish int, -- the first is 1
    refused jsonb not null, -- better wishes: what filled the institution, what put others ahead
    amount_fen bigint not null,
    enterprise_answer text check (enterprise_answer in ('accepted', 'declined')),
    enterprise_answered_at timestamptz,
    institution_answer text check (institution_answer in ('accepted', 'declined')),
    institution_answered_at timestamptz,
    note text,
    intent_fen bigint constraint round_intent_range check (intent_fen between 0 and 100000000000),
    intent_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (id, province),
    foreign key (round_id, run_no) references round_run (round_id, run_no),
    foreign key (registration_id, province) references round_need (id, province),
    constraint round_place_once unique (registration_id, run_no, province),
    constraint round_place_whole check ((institution_id is null) = (wish is null))
);
create index round_place_round on round_place (round_id, run_no, id);
create index round_place_institution on round_place (institution_id, round_id);
create index round_place_enterprise on round_place (enterprise_id, province);

-- Day 7, 30 and 90, as each side tells it.
create table round_follow_up (
    place_id uuid not null,
    province text collate "C" not null,
    day int not null check (day in (7, 30, 90)),
    side text not null check (side in ('enterprise', 'institution')),
    contacted boolean not null,
    approved_fen bigint not null default 0 constraint round_approved_range check (approved_fen between 0 and 100000000000),
    funded_fen bigint not null default 0 constraint round_funded_within check (funded_fen between 0 and approved_fen),
    recorded_by uuid,
    recorded_at timestamptz not null default now(),
    primary key (place_id, day, side, province),
    foreign key (place_id, province) references round_place (id, province)
);

-- Who sees and changes what ------------------------------------------------------------------------------------

do $$
declare
    t text;
begin
    foreach t in array array['round', 'round_seed', 'round_institution', 'round_need', 'round_run', 'round_place',
        'round_follow_up'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('grant select, insert, update on %I to rongqiao_definer', t);
    end loop;
end
$$;
grant select, insert, update on round, round_institution, round_need, round_run, round_place, round_follow_up
    to rongqiao_app;
-- A seed leaves its table by app.tell_seed() only.
grant select on round_seed to rongqiao_app;
create policy round_seed_read on round_seed for select using (false);

-- A round is announced once its registration opens; who runs it sees it before.
create policy round_read on round for select using (
    state not in ('planned', 'cancelled') or app.side() in ('operator', 'auditor', 'system')
    or app.side() = 'authority' and app.in_region(region_code));
create policy round_write on round for insert with check (
    app.side() = 'operator' or app.side() = 'authority' and app.in_region(region_code));
create policy round_change on round for update using (
    app.side() = 'operator' or app.side() = 'authority' and app.in_region(region_code));

-- Whether the asker runs or audits this round.
create function app.runs_round(p_round uuid) returns boolean language sql stable as $$
    select app.side() in ('operator', 'auditor', 'system') or app.side() = 'authority' and exists (
        select from round r where r.id = p_round and app.in_region(r.region_code))
$$;
create function app.published_run(p_round uuid) returns int language sql stable as $$
    select coalesce((select r.published_run from round r where r.id = p_round), 0)
$$;

create policy round_institution_read on round_institution for select using (
    app.side() = 'institution' and institution_id = app.org_id() or app.runs_round(round_id)
    or app.published_run(round_id) > 0);
create policy round_institution_write on round_institution for insert with check (
    app.side() = 'institution' and institution_id = app.org_id());
create policy round_institution_change on round_institution for update using (
    app.side() = 'institution' and institution_id = app.org_id()
    or app.side() <> 'auditor' and app.runs_round(round_id));

create policy round_need_read on round_need for select using (
    app.side() = 'enterprise' and enterprise_id = app.org_id() or app.runs_round(round_id));
create policy round_need_write on round_need for insert with check (
    app.side() = 'enterprise' and enterprise_id = app.org_id());
create policy round_need_change on round_need for update using (
    app.side() = 'enterprise' and enterprise_id = app.org_id());

-- Published runs are everybody's, so that everybody can run them again.
create policy round_run_read on round_run for select using (
    run_no <= app.published_run(round_id) or app.runs_round(round_id));
create policy round_run_write on round_run for insert with check (
    app.side() <> 'auditor' and app.runs_round(round_id));
create policy round_run_change on round_run for update using (
    app.side() <> 'auditor' and app.runs_round(round_id));

create policy round_place_read on round_place for select using (
    app.runs_round(round_id)
    or run_no <= app.published_run(round_id) and (
        app.side() = 'enterprise' and enterprise_id = app.org_id()
        or app.side() = 'institution' and institution_id = app.org_id()));
create policy round_place_write on round_place for insert with check (
    app.side() <> 'auditor' and app.runs_round(round_id));
create policy round_place_change on round_place for update using (
    run_no <= app.published_run(round_id) and (
        app.side() = 'enterprise' and enterprise_id = app.org_id()
        or app.side() = 'institution' and institution_id = app.org_id()));

create policy round_follow_up_read on round_follow_up for select using (
    exists (select from round_place p where p.id = place_id and p.province = round_follow_up.province));
create policy round_follow_up_write on round_follow_up for insert with check (
    side = app.side() and exists (select from round_place p where p.id = place_id and p.province = round_follow_up.province));
create policy round_follow_up_change on round_follow_up for update using (
    side = app.side() and exists (select from round_place p where p.id = place_id and p.province = round_follow_up.province));

grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
