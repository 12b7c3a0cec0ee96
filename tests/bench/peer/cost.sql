-- What a loan costs in all: server/match/cost.c, price.c and irr.c in plpgsql. Amounts below 9 x 10^12 fen.

-- The smallest instalment that settles a loan in its term: from the annuity formula, then walked.
create function instalment(amount bigint, rate_ppm bigint, months int) returns bigint
language plpgsql immutable parallel safe as $$
declare
    growth float8 := 1 + rate_ppm / 12e6;
    paid bigint := greatest(1, case when rate_ppm = 0 then amount / months
        else floor(amount * (growth - 1) / (1 - growth ^ (- months))) end);
    balance bigint;
    settles boolean;
    has_settled boolean := false;
begin
    loop
        balance := amount;
        for month in 1..months loop
            balance := balance + (balance * rate_ppm + 6000000) / 12000000 - paid;
            exit when balance <= 0 or balance > amount;
        end loop;
        settles := balance <= 0;
        if settles and paid = 1 then
            return paid;
        elsif settles then
            has_settled := true;
            paid := paid - 1;
        elsif has_settled then
            return paid + 1;
        else
            paid := paid + 1;
        end if;
    end loop;
end $$;

-- Month by month, index 1 the first month: what is paid, the interest charged, and what is owed before the payment.
create function schedule(amount bigint, rate_ppm bigint, months int, repayment int,
    out paid bigint[], out interest bigint[], out owed bigint[])
language plpgsql immutable parallel safe as $$
declare
    level bigint := case when repayment = 0 then instalment(amount, rate_ppm, months) end;
    balance bigint := amount;
    unpaid bigint := 0;
    due bigint;
    principal bigint;
begin
    for month in 1..months loop
        due := (balance * rate_ppm + 6000000) / 12000000;
        principal := case when month = months then balance
            when repayment = 0 then least(level - due, balance)
            when repayment = 1 then amount / months
            else 0 end;
        unpaid := unpaid + due;
        owed[month] := balance;
        interest[month] := due;
        paid[month] := principal;
        if repayment <> 3 or month = months then
            paid[month] := principal + unpaid;
            unpaid := 0;
        end if;
        balance := balance - principal;
    end loop;
end $$;

-- The published rule in full: the smallest k whose k + 1/2 is above the balancing rate, by bisection. `flows` from
-- month 0 on, money to the enterprise above zero. Null where no rate balances them.
create function bisected_rate(flows float8[]) returns int
language plpgsql immutable parallel safe as $$
declare
    months int := array_length(flows, 1) - 1;
    noise float8 := (select sum(abs(flow)) from unnest(flows) flow) * 1e-13;
    low bigint := -900000;
    high bigint := 10000000;
    middle bigint;
    tried bigint[] := array[2 * low, 2 * high];
    value float8;
    factor float8;
    direction float8;
begin
    for round in 1..26 loop
        exit when low = high;
        middle := low + (high - low) / 2;
        factor := 1 / (1 + (case when round <= 2 then tried[round] else 2 * middle + 1 end)::float8 / 24000000);
        value := 0;
        for month in reverse months..1 loop
            value := (value + flows[month + 1]) * factor;
        end loop;
        value := value + flows[1];
        if round = 1 then
            direction := - sign(value);
            if abs(value) <= noise then
                return null;
            end if;
        elsif round = 2 then
            if value * direction <= noise then
                return null;
            end if;
        elsif value * direction > noise then
            high := middle;
        else
            low := middle + 1;
        end if;
    end loop;
    return high;
end $$;

-- The cost in ppm a year, and which of the programmes of interest and of fees are joined (0: none). `near` is a first
-- guess. A loan that is paid in level instalments, or at maturity, has a present value of few terms: secants find its
-- rate, which is the rule's where there is one alone, as irr.c argues, and no half nearby.
create function loan_cost(amount bigint, rate_ppm bigint, months int, repayment int, upfront_fen bigint,
    yearly_fen bigint, guarantee_ppm bigint, insurance_ppm bigint, interest_shares bigint[], interest_points bigint[],
    interest_caps bigint[], fee_shares bigint[], fee_caps bigint[], near float8,
    out cost_ppm int, out interest_programme int, out fee_programme int)
language plpgsql immutable parallel safe as $$
declare
    years int := (months + 11) / 12;
    backing bigint[];
    interest bigint[];
    subsidies bigint[] := array_fill(0::bigint, array[years]);
    charges float8[];
    plan record;
    flows float8[];
    level bigint;
    last bigint;
    balance bigint := amount;
    before bigint;
    fen bigint;
    best bigint;
    total bigint;
    repaid bigint := 0;
    is_level boolean := repayment <> 1;
    is_sure boolean;
    received float8;
    final float8;
    gross float8;
    term float8 := months;
    x float8 := near;
    x_before float8;
    value float8;
    value_before float8;
    slope float8;
    move float8;
    v float8;
    yearly_v float8;
    sum float8;
begin
    -- the loan, year by year
    if repayment >= 2 then
        level := (amount * rate_ppm + 6000000) / 12000000;
        interest := array_fill(level * 12, array[years]);
        interest[years] := level * (months - 12 * (years - 1));
        backing := array_fill((amount * guarantee_ppm + 500000) / 1000000 + (amount * insurance_ppm + 500000) / 1000000,
            array[years]);
        last := amount + level;
        if repayment = 3 then
            last := amount + level * months;
            level := 0;
        end if;
    elsif is_level then
        level := instalment(amount, rate_ppm, months);
        for year in 1..years loop
            before := balance;
            backing[year] := (before * guarantee_ppm + 500000) / 1000000 + (before * insurance_ppm + 500000) / 1000000;
            for month in 1..least(12, months - 1 - 12 * (year - 1)) loop
                balance := balance + (balance * rate_ppm + 6000000) / 12000000 - level;
            end loop;
            interest[year] := level * least(12, months - 1 - 12 * (year - 1)) - before + balance;
        end loop;
        fen := (balance * rate_ppm + 6000000) / 12000000;
        last := balance + fen;
        interest[years] := interest[years] + fen;
        is_level := balance > 0;
    end if;
    if not is_level then
        plan := schedule(amount, rate_ppm, months, repayment);
        interest := array_fill(0::bigint, array[years]);
        for month in 1..months loop
            interest[(month + 11) / 12] := interest[(month + 11) / 12] + plan.interest[month];
        end loop;
        for year in 1..years loop
            before := plan.owed[12 * year - 11];
            backing[year] := (before * guarantee_ppm + 500000) / 1000000 + (before * insurance_ppm + 500000) / 1000000;
        end loop;
    end if;

    -- the programme of each type that pays most, then the lowest id
    interest_programme := 0;
    best := 0;
    for i in 1..coalesce(cardinality(interest_shares), 0) loop
        total := 0;
        for year in 1..years loop
            total := total + least(interest_caps[i], case when interest_shares[i] is not null
                then (interest[year] * interest_shares[i] + 500000) / 1000000
                when interest_points[i] >= rate_ppm then interest[year]
                else (interest[year] * interest_points[i] + rate_ppm / 2) / rate_ppm end);
        end loop;
        if total > best then
            best := total;
            interest_programme := i;
        end if;
    end loop;
    repaid := best;
    fee_programme := 0;
    best := 0;
    for i in 1..coalesce(cardinality(fee_shares), 0) loop
        total := 0;
        for year in 1..years loop
            total := total + least(fee_caps[i], (backing[year] * fee_shares[i] + 500000) / 1000000);
        end loop;
        if total > best then
            best := total;
            fee_programme := i;
        end if;
    end loop;
    repaid := repaid + best;
    if repaid > 0 then
        for year in 1..years loop
            subsidies[year] := case when interest_programme = 0 then 0
                else least(interest_caps[interest_programme], case when interest_shares[interest_programme] is not null
                    then (interest[year] * interest_shares[interest_programme] + 500000) / 1000000
                    when interest_points[interest_programme] >= rate_ppm then interest[year]
                    else (interest[year] * interest_points[interest_programme] + rate_ppm / 2) / rate_ppm end) end
                + case when fee_programme = 0 then 0
                    else least(fee_caps[fee_programme],
                        (backing[year] * fee_shares[fee_programme] + 500000) / 1000000) end;
        end loop;
    end if;
    received := amount - upfront_fen - yearly_fen - backing[1];

    -- its rate
    if is_level then
        final := last - subsidies[years];
        gross := level::float8 * (months - 1);
        is_sure := final >= 0;
        for year in 1..years - 1 loop
            charges[year] := backing[year + 1] + yearly_fen - subsidies[year];
            gross := gross + backing[year + 1] + yearly_fen;
            is_sure := is_sure and level + charges[year] >= 0;
        end loop;
        -- money comes once and is only paid back after it, or the principal comes last and outweighs the subsidies
        is_sure := received > 0 and (is_sure or (repayment >= 2 and amount >= repaid and gross < received
            and gross + last - repaid - received > 1e-6 * (gross + last + repaid + received)));
        slope := received * case when repayment >= 2 then term else (term + 1) / 2 end / 12e6;
        for round in 1..20 loop
            exit when not is_sure;
            v := 1 / (1 + x / 12e6);
            value := received - final * v ^ term
                - level * case when x = 0 then term - 1 else (1 - v ^ (term - 1)) / (x / 12e6) end;
            if years > 1 then
                yearly_v := v ^ 12::float8;
                sum := 0;
                for year in reverse years - 1..1 loop
                    sum := (sum + charges[year]) * yearly_v;
                end loop;
                value := value - sum;
            end if;
            if abs(x - x_before) > 1e-6 then
                slope := (value - value_before) / (x - x_before);
            end if;
            move := - value / slope;
            x_before := x;
            value_before := value;
            x := x + move;
            exit when round > 1 and abs(move) < 0.05;
        end loop;
        if is_sure and abs(move) < 0.05 and abs(x - floor(x) - 0.5) > 0.001 and x > 0 then
            cost_ppm := floor(x + 0.5);
            return;
        end if;
    end if;
    if is_level then
        plan := schedule(amount, rate_ppm, months, repayment);
    end if;
    flows[1] := received;
    for month in 1..months loop
        flows[month + 1] := - plan.paid[month];
    end loop;
    for year in 1..years loop
        if year > 1 then
            flows[12 * year - 11] := flows[12 * year - 11] - backing[year] - yearly_fen;
        end if;
        flows[least(12 * year, months) + 1] := flows[least(12 * year, months) + 1] + subsidies[year];
    end loop;
    cost_ppm := bisected_rate(flows);
end $$;

-- Points for a cost, times a million.
create function cost_part(cost_ppm int, points int, cap_ppm int) returns bigint
language sql immutable parallel safe as $$
    select case when cost_ppm is null or cost_ppm >= cap_ppm then 0
        else points::bigint * 1000000 * (cap_ppm - greatest(cost_ppm, 0)) / cap_ppm end
$$;

-- 0: fails, 1: not known, 2: passes, null: no such condition. `have` below zero is not known.
create function verdict(asked bigint, have bigint, is_met boolean) returns int
language sql immutable parallel safe as $$
    select case when asked is null then null when have < 0 then 1 when is_met then 2 else 0 end
$$;

-- A fee of a share of the amount, or of so many fen: one of them is zero.
create function fee(amount bigint, share_ppm bigint, fen bigint) returns bigint
language sql immutable parallel safe as $$ select (amount * share_ppm + 500000) / 1000000 + fen $$;
