-- The products of the catalogue's version $1 after the product $2 in order of their ids, $3 at most. A version stays as
-- it was, so that pages fit together.
-- lane: slow
-- parameters: version after limit
select h.product_id, h.document::text
from product_history h
where h.product_id > $2::uuid
    and h.from_version <= $1::bigint
    and (h.to_version is null or h.to_version > $1)
order by h.product_id
limit $3::int
