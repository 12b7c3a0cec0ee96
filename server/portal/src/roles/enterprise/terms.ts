// The terms of an offer in words.
import type { Offer } from '@/api/documents';
import { costNote, feesText } from '@/lib/fees';
import { count, day, listed, moneyExact, months, rate } from '@/lib/format';
import { word } from '@/lib/vocabulary';
import type { SummaryRow } from '@/ui/SummaryList.vue';
import { w } from '@/words/enterprise_cases';

export const security = (offer: Offer): string =>
  listed([offer.guarantee_required && w.needsGuarantee, offer.collateral_required]) || w.noSecurity;

export function rateText(offer: Offer): string {
  if (offer.rate_base === 'fixed' || offer.spread_ppm === null) return `${rate(offer.rate_ppm)} ${w.rateBase.fixed}`;
  const points = `${offer.spread_ppm < 0 ? '−' : '+'}${rate(Math.abs(offer.spread_ppm))}`;
  return `${rate(offer.rate_ppm)} = ${w.spread(w.rateBase[offer.rate_base] ?? '', points, day(offer.lpr_date))}`;
}

/** Every term, the all-in annual cost first. */
export const termRows = (offer: Offer): SummaryRow[] => [
  { label: w.all, value: rate(offer.cost_ppm, 4), note: costNote(offer) },
  { label: w.nominal, value: rateText(offer) },
  { label: w.amount, value: moneyExact(offer.amount_fen) },
  { label: w.net, value: moneyExact(offer.net_disbursed_fen) },
  { label: w.total, value: moneyExact(offer.total_repayable_fen) },
  { label: w.firstPayment, value: moneyExact(offer.first_payment_fen) },
  { label: w.term, value: months(offer.term_months) },
  { label: w.repay, value: word('repayment', offer.repayment) },
  { label: w.fees, value: feesText(offer) },
  { label: w.security, value: security(offer) },
  { label: w.conditions, value: offer.conditions ?? w.none },
  { label: w.prepayment, value: offer.prepayment_fee_ppm === null ? w.none : rate(offer.prepayment_fee_ppm) },
  { label: w.penalty, value: rate(offer.penalty_rate_ppm) },
  { label: w.coolingOff, value: offer.cooling_off_days === null ? w.none : w.days(count(offer.cooling_off_days)) },
  { label: w.validUntil, value: day(offer.valid_until) },
  { label: w.binding, value: offer.binding ? w.isBinding : w.isIndicative },
];

/** What came after the acceptance, as far as it came. */
export const contractRows = (offer: Offer): SummaryRow[] =>
  [
    { label: w.acceptedAt, value: offer.accepted_at && day(offer.accepted_at) },
    { label: w.contractNo, value: offer.contract_no },
    { label: w.contractedAt, value: offer.contracted_at && day(offer.contracted_at) },
    { label: w.fundedFen, value: offer.funded_fen === null ? null : moneyExact(offer.funded_fen) },
    { label: w.fundedOn, value: offer.funded_on },
    { label: w.proofNo, value: offer.proof_no },
  ].filter((row) => row.value);

