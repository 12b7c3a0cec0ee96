-- Gives the months before this one tables of their own, as they have after a while: test.months of them, oldest first.
-- The first table of a database has all that was before it; here it must have nothing of before this month.
do $$
declare
    t month_table;
    v_now constant date := app.month_of(now());
    v_first constant date := v_now - make_interval(months => current_setting('test.months')::int);
    v_month date;
    v_part text;
begin
    for t in select * from month_table loop
        v_part := t.name || '_' || to_char(v_now, 'YYYY_MM');
        execute format('alter table %I detach partition %I', t.name, v_part);
        execute format('alter table %I attach partition %I for values from (%L) to (%L)', t.name, v_part,
            app.month_floor(t.month_type, v_now), app.month_floor(t.month_type, (v_now + interval '1 month')::date));
        for v_month in select (v_first + make_interval(months => i))::date
            from generate_series(0, current_setting('test.months')::int - 1) i loop
            v_part := t.name || '_' || to_char(v_month, 'YYYY_MM');
            execute format('create table %I (like %I including all)', v_part, t.name);
            execute format('alter table %I attach partition %I for values from (%s) to (%L)', t.name, v_part,
                case when v_month = v_first then 'minvalue' else quote_literal(app.month_floor(t.month_type, v_month)) end,
                app.month_floor(t.month_type, (v_month + interval '1 month')::date));
        end loop;
    end loop;
end
$$;
