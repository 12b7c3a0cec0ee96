// Facts that a match does not know yet, and changes of a need that a near miss asks for.
import type { Check, FactValue, MatchResult, Need, Package } from '@/api/documents';
import type { RouteLocationRaw } from 'vue-router';
import type { components } from '@/api/schema';
import { BACKING_FACTS } from './need';

export type NewNeed = components['schemas']['NewNeed'];

/** What the need says itself; nobody tells it beside. */
const SAID_BY_NEED = new Set(['amount_fen', 'term_months', 'purpose']);
export const isTold = (fact: string): boolean => !SAID_BY_NEED.has(fact);
/** What the registration says, or what is computed from it. */
const OF_REGISTRATION = new Set(['age_months', 'size_class', 'employees', 'revenue_fen', 'total_assets_fen']);

/** The page that asks for a fact, and where it leads back. */
export const tellAt = (fact: string, from: string): RouteLocationRaw => ({
  path: OF_REGISTRATION.has(fact) ? '/profile/change' : `/profile/facts/${fact}`,
  query: { to: from },
});

export interface Unknown {
  fact: string;
  /** How many packages wait for it. */
  packages: number;
}
/** What the packages ask and nobody told, most asked first. */
export function unknownFacts(result: Pick<MatchResult, 'eligible' | 'unknown' | 'near'>): Unknown[] {
  const asked = new Map<string, Set<string>>();
  for (const one of [...result.eligible, ...result.unknown, ...result.near])
    for (const { verdict, fact } of one.checks)
      if (verdict === 'unknown' && fact && isTold(fact)) asked.set(fact, (asked.get(fact) ?? new Set()).add(one.product.id));
  return [...asked].map(([fact, packages]) => ({ fact, packages: packages.size })).sort((a, b) => b.packages - a.packages);
}

const ORDER = { fail: 0, unknown: 1, pass: 2 } as const;
export const byVerdict = (checks: Check[]): Check[] => [...checks].sort((a, b) => ORDER[a.verdict] - ORDER[b.verdict]);

/** What the need itself says. */
const FIELDS = ['kinds', 'amount_fen', 'amount_min_fen', 'term_months', 'term_days', 'max_rate_ppm', 'purpose', 'purpose_detail', 'repayments',
  'collateral', 'needed_by', 'max_claims', 'visibility', 'facts'];
/** The need as it was posted, as the input that posts it again. */
export const asInput = (need: Need): NewNeed =>
  Object.fromEntries(Object.entries(need).filter(([name, value]) => FIELDS.includes(name) && value !== null)) as unknown as NewNeed;

/** What a failed condition of the engine's own is about; a rule names its fact. */
const ABOUT: Record<string, string> = {
  amount_max: 'amount_min_fen', // less than was asked for is within reach: what must fall is the least acceptable, not the wish
  rate: 'max_rate_ppm',
  repayment: 'repayments',
};
const about = ({ source, fact }: Check): string => ABOUT[source] ?? fact ?? (source.startsWith('term') ? 'term_days' : '');

/** A value with which the condition would be met: the engine's number; of words one, or what is there with what is needed. */
function changedValue({ op, needed, have }: Check): FactValue | undefined {
  if (!Array.isArray(needed)) return needed === null || (needed as number) < 0 ? undefined : needed;
  if (!Array.isArray(have)) return needed[0];
  if (op === 'in') return [...have, needed[0]!];
  return op === 'has_all' ? [...have, ...needed] : needed.length ? needed : undefined;
}

/** The need with what a failed check asks for; undefined when no value of its own would do. */
export function withChange(input: NewNeed, check: Check): NewNeed | undefined {
  const value = changedValue(check);
  const name = about(check);
  if (check.verdict !== 'fail' || !name || value === undefined) return undefined;
  if (!FIELDS.includes(name)) return { ...input, facts: { ...input.facts, [name]: value } } as NewNeed;
  const changed = { ...input, [name]: value };
  if (typeof changed.amount_min_fen === 'number' && changed.amount_min_fen > changed.amount_fen) delete changed.amount_min_fen;
  return changed;
}

/** Whether the change is one of the need itself, which the enterprise can make at once. */
export const isOfNeed = (check: Check): boolean => [...FIELDS, ...Object.values(BACKING_FACTS).flat()].includes(about(check));

export const allPackages = (result: MatchResult): Package[] => [...result.eligible, ...result.unknown, ...result.near];
