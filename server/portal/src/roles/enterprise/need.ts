// The need that is being written: one draft of this browser that every page of the task list fills.
import { shallowRef } from 'vue';
import type { FactValue } from '@/api/documents';
import { dropDraft, keepDraft, keptDraft } from '@/lib/draft';
import type { NewNeed } from './facts';

export const DRAFT = 'need';

export interface NeedDraft extends Partial<Omit<NewNeed, 'facts'>> {
  facts: Record<string, FactValue | null | undefined>;
  /** The pages that were gone through. */
  visited: string[];
}

export const STEPS = ['amount', 'kinds', 'purpose', 'backing', 'facts', 'audience'] as const;
export type StepKey = (typeof STEPS)[number];

export const emptyDraft = (): NeedDraft => ({ facts: {}, visited: [] });
export const readDraft = (): NeedDraft => ({ ...emptyDraft(), ...keptDraft<NeedDraft>(DRAFT)?.values });
export const hasDraft = (): boolean => keptDraft(DRAFT) !== null;
export const discardDraft = (): void => dropDraft(DRAFT);
/** What would replace the draft that is there; the task list asks. */
export const waiting = shallowRef<NewNeed | null>(null);
/** Begins a need with what another one asked for, unless a draft would be lost unasked. The page to go to. */
export function beginWith(input: NewNeed, isAsked = !hasDraft()): string {
  waiting.value = isAsked ? null : input;
  if (!isAsked) return '/needs/new';
  keepDraft(DRAFT, { values: { ...input, visited: STEPS } });
  return '/needs/new/check';
}

/** What the API takes of a draft: what was left empty is left out. */
export function inputOf({ visited: _, facts, ...rest }: NeedDraft): NewNeed {
  const given = Object.entries(facts).filter(([, value]) => value != null && !(Array.isArray(value) && value.length === 0));
  const input = Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null && !(Array.isArray(value) && value.length === 0)));
  return { ...input, ...(given.length ? { facts: Object.fromEntries(given) } : {}) } as unknown as NewNeed;
}

const STEP_OF: Record<string, StepKey> = {
  kinds: 'kinds', repayments: 'kinds', max_rate_ppm: 'kinds', term_days: 'kinds',
  purpose: 'purpose', purpose_detail: 'purpose', needed_by: 'purpose',
  collateral: 'backing', visibility: 'audience', max_claims: 'audience',
};
/** The page on which the field of a pointer is asked. */
export function stepOf(pointer: string, draft: NeedDraft): StepKey {
  const [, field = '', fact = ''] = pointer.split('/');
  if (field === 'facts') return backingFacts(draft).includes(fact) ? 'backing' : 'facts';
  return STEP_OF[field] ?? 'amount';
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
export const backingFacts = ({ collateral }: Partial<NeedDraft>): string[] => [...new Set((collateral ?? []).flatMap((one) => BACKING_FACTS[one] ?? []))];
