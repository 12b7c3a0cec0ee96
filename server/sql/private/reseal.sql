-- Puts values that were sealed anew in the place of those that were read, unless somebody changed them meanwhile.
-- lane: write
-- parameters: id province legal_rep_id_before contact_mobile_before legal_rep_id_sealed legal_rep_id_hash contact_mobile_sealed contact_mobile_hash
update enterprise e
set legal_rep_id_sealed = $5,
    legal_rep_id_hash = $6,
    contact_mobile_sealed = $7,
    contact_mobile_hash = $8
where e.id = $1::uuid
    and e.province = $2
    and e.legal_rep_id_sealed is not distinct from $3
    and e.contact_mobile_sealed is not distinct from $4
returning 1
