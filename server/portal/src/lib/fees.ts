// What an offer or a product costs beside the interest, in words.
import type { Fee } from '@/api/documents';
import { w } from '@/words/common';
import { listed, money, rate } from './format';
import { pick } from './language';

/** The fees, those of what stands behind an offer last. */
export const feesText = ({ fees, backing_fees }: { fees?: Fee[] | null; backing_fees?: Fee[] }): string =>
  listed([...(fees ?? []), ...(backing_fees ?? [])].map((fee) => w.feeLine(pick(fee, 'name'), fee.basis === 'share' ? rate(fee.value) : money(fee.value), w.feeWhen[fee.when]))) || w.noFees;

/** What the all-in cost leaves out. */
export const costNote = (offer: { cost_is_whole: boolean }): string => (offer.cost_is_whole ? '' : w.withoutGuarantee);
