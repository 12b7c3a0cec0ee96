-- One value of each cipher and key that personal data are sealed by ('' and no sealed text: not sealed at all), to see
-- before serving that the keys are there and fit; of personal data and of one-time codes.
-- lane: slow
-- parameters:
(select distinct on (kind) v.place, v.sealed, v.kind
from enterprise e
cross join lateral (values ('enterprise.legal_rep_id.' || e.id, e.legal_rep_id_sealed,
        case when e.legal_rep_id_sealed like 'rqs1.%' then substr(e.legal_rep_id_sealed, 6, 10) else '' end),
    ('enterprise.contact_mobile.' || e.id, e.contact_mobile_sealed,
        case when e.contact_mobile_sealed like 'rqs1.%' then substr(e.contact_mobile_sealed, 6, 10) else '' end)) v (place, sealed, kind)
where v.sealed is not null
order by kind)
union all
select place, sealed, kind from app.totp_samples()
