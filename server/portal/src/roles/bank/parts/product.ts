// A product being written: what of a stored one goes into the form, and what of the form goes to the API.
import type { Fee, Product, Rate, Rule, Tier } from '@/api/documents';

export type Draft = Partial<Omit<Product, 'rate' | 'fees' | 'rules' | 'tiers'>> & {
  rate: Partial<Rate>;
  fees: Partial<Fee>[];
  rules: Partial<Rule>[];
  tiers: (Partial<Omit<Tier, 'when' | 'rate'>> & { when: Partial<Rule>[]; rate: Partial<Rate> })[];
};

/** The API's own fields; the rest of a stored product is its life. */
const fields = [
  'product_no', 'kind', 'name_zh', 'name_en', 'amount_min_fen', 'amount_max_fen', 'term_min_months', 'term_max_months',
  'term_min_days', 'term_max_days', 'rate', 'repayments', 'fees', 'day_fees', 'regions', 'industries_in', 'industries_out',
  'rules', 'tiers', 'guarantee', 'insurance', 'fee_ppm', 'coverage_ppm', 'counter_guarantee', 'partners', 'recourse',
  'disclosed', 'advance_rate_ppm', 'pledge_rate_ppm', 'promised_hours', 'capacity_cases', 'capacity_fen', 'valid_from',
  'valid_to', 'documents', 'conditions_zh', 'conditions_en', 'source_url', 'source_note', 'source_date',
] as const;
const days = ['term_min_days', 'term_max_days', 'day_fees'];
const months = ['term_min_months', 'term_max_months'];
const backing = ['fee_ppm', 'coverage_ppm'];
const lending = ['rate', 'repayments', 'guarantee', 'insurance', 'tiers'];

export function termsFor(product: Product): Partial<Draft> {
  const known = Object.fromEntries(fields.map((name) => [name, product[name]]).filter(([, value]) => value != null)) as Partial<Draft>;
  return { ...known, tiers: (product.tiers ?? []).map((tier) => ({ ...tier, rate: tier.rate ?? {} })) };
}

const isRuleWhole = (rule: Partial<Rule>) =>
  rule.fact !== undefined && rule.op !== undefined && rule.value !== undefined && !(Array.isArray(rule.value) && rule.value.length === 0);
/** Whether it can be counted already: a kind, and no rule or fee half written. */
export function isWhole(draft: Draft): boolean {
  return (
    !!draft.kind &&
    draft.rules.every(isRuleWhole) &&
    draft.fees.every((f) => f.name_zh && f.value !== undefined) &&
    draft.tiers.every((t) => t.when.length > 0 && t.when.every(isRuleWhole)) &&
    (draft.name_zh?.length ?? 0) >= 2
  );
}

const hasRate = (rate: Partial<Rate> | undefined) => rate?.low_ppm !== undefined || rate?.high_ppm !== undefined;
/** What the API takes: nothing empty, nothing that the kind has not. */
export function kept(draft: Draft, institution: string | null | undefined): Record<string, unknown> {
  const backs = draft.kind === 'guarantee' || draft.kind === 'insurance';
  const unfit = new Set([...(draft.kind === 'bridge' ? months : days), ...(backs ? lending : backing)]);
  const all: Record<string, unknown> = { institution_id: institution ?? undefined };
  for (const name of fields) {
    const value = draft[name as keyof Draft];
    if (unfit.has(name) || value == null || (Array.isArray(value) && value.length === 0)) continue;
    all[name] = value;
  }
  if (!hasRate(draft.rate)) delete all.rate;
  if (all.tiers) {
    const base = draft.rate.base ?? 'fixed';
    all.tiers = draft.tiers.map(({ rate, ...tier }) => (hasRate(rate) ? { ...tier, rate: { ...rate, base: rate.base ?? base } } : tier));
  }
  return all;
}
