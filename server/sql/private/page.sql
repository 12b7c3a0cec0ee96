-- A page of enterprises with personal data, after an id, for `rongqiao keys rotate`.
-- lane: slow
-- parameters: after limit
select id, province, legal_rep_id_sealed, legal_rep_id_hash, contact_mobile_sealed, contact_mobile_hash
from enterprise
where id > $1::uuid
    and (legal_rep_id_sealed is not null or contact_mobile_sealed is not null)
order by id
limit $2::int
