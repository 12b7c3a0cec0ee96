// The need that is being written: one draft of this browser that every page of the task list fills.
import type { FactValue } from '@/api/documents';
import { dropDraft, keepDraft, keptDraft } from '@/lib/draft';
import type { NewNeed } from './facts';

export const DRAFT = 'need';

export interface NeedDraft extends Partial<Omit<NewNeed, 'facts'>> {
  facts: Record<string, FactValue | null | undefined>;
  /** The pages that were gone through. */
  visited: string[];
}

export const STEPS = [
  { key: 'amount', fields: ['amount_fen', 'amount_min_fen', 'term_months'] },
  { key: 'kinds', fields: ['kinds', 'repayments', 'max_rate_ppm', 'term_days'] },
  { key: 'purpose', fields: ['purpose', 'purpose_detail', 'needed_by'] },
  { key: 'backing', fields: ['collateral'] },
  { key: 'facts', fields: ['facts'] },
  { key: 'audience', fields: ['visibility', 'max_claims'] },
] as const;
export type StepKey = (typeof STEPS)[number]['key'];

export const emptyDraft = (): NeedDraft => ({ facts: {}, visited: [] });
export const readDraft = (): NeedDraft => ({ ...emptyDraft(), ...keptDraft<NeedDraft>(DRAFT) });
export const hasDraft = (): boolean => keptDraft(DRAFT) !== null;
export const discardDraft = (): void => dropDraft(DRAFT);
/** Begins a need with what another one asked for. */
export function beginWith(input: NewNeed): void {
  keepDraft(DRAFT, { ...input, visited: STEPS.map((step) => step.key) });
}

/** What the API takes of a draft: what was left empty is left out. */
export function inputOf({ visited: _, facts, ...rest }: NeedDraft): NewNeed {
  const given = Object.entries(facts).filter(([, value]) => value != null && !(Array.isArray(value) && value.length === 0));
  const input = Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null && !(Array.isArray(value) && value.length === 0)));
  return { ...input, ...(given.length ? { facts: Object.fromEntries(given) } : {}) } as unknown as NewNeed;
}

/** The page on which the field of a pointer is asked. */
export function stepOf(pointer: string): StepKey {
  const field = pointer.split('/')[1] ?? '';
  return STEPS.find((step) => (step.fields as readonly string[]).includes(field))?.key ?? 'amount';
}

/** Facts of what is pledged, by what is pledged. */
export const BACKING_FACTS: Record<string, string[]> = {
  property: ['collateral_value_fen'],
  inventory: ['collateral_value_fen'],
  equipment: ['collateral_value_fen'],
  deposit: ['collateral_value_fen'],
  order: ['contract_fen'],
  receivable: ['receivable_fen', 'debtor_confirmed'],
  ip: ['ip_value_fen'],
};
