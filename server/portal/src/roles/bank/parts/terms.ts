// Terms of products in words.
import type { FactValue, Product, Rate, Rule, Trial } from '@/api/documents';
import { money, months, rate } from '@/lib/format';
import { factName, factValue } from '@/lib/vocabulary';
import { w } from '@/words/bank';

/** "1 年期 LPR +0.5%–1.2%", "3.45%–6%" */
export function rateText(r: Rate | null | undefined): string {
  if (!r) return '—';
  const ends = [r.low_ppm, r.high_ppm].filter((x) => x != null).map((x) => rate(x));
  const range = ends.length === 2 && ends[0] === ends[1] ? ends[0]! : ends.join(' – ');
  return r.base === 'fixed' ? range || '—' : `${w.bases[r.base]} ${range ? `+ ${range}` : ''}`.trim();
}
export function priceOf(p: Product): string {
  if (p.kind === 'guarantee' || p.kind === 'insurance') return rate(p.fee_ppm);
  return rateText(p.rate);
}
export function between(low: string | null, high: string | null): string {
  if (low && high) return low === high ? low : `${low} – ${high}`;
  return low ? `≥ ${low}` : high ? `≤ ${high}` : '—';
}
const known = (value: number | null | undefined, show: (v: number) => string) => (value == null ? null : show(value));
export const amountsOf = (p: Product) => between(known(p.amount_min_fen, money), known(p.amount_max_fen, money));
export const termsOf = (p: Product) =>
  p.kind === 'bridge'
    ? between(known(p.term_min_days, w.days), known(p.term_max_days, w.days))
    : between(known(p.term_min_months, months), known(p.term_max_months, months));

export function valueText(fact: string, op: string, value: FactValue | null | undefined): string {
  return op === 'ratio_ge' ? rate(Number(value)) : factValue(fact, value);
}
/** "成立时间 不低于 24 个月" */
export function ruleText(rule: Rule): string {
  return `${factName(rule.fact)} ${w.ops[rule.op]} ${valueText(rule.fact, rule.op, rule.value)}`;
}
/** What a trial would change, as the rules stand. */
export function trialText(trial: Trial, rules: Rule[]): string {
  if (trial.bound) {
    const value = trial.value === null ? null : trial.bound.includes('amount') ? money(Number(trial.value)) : months(Number(trial.value));
    return value === null ? w.drop(w.bounds[trial.bound] ?? '') : w.loosen(w.bounds[trial.bound] ?? '', value);
  }
  const rule = rules[trial.rule ?? -1];
  const what = rule ? ruleText(rule) : factName(trial.fact ?? '');
  return trial.value === null ? w.drop(what) : w.loosen(what, valueText(trial.fact ?? '', trial.op ?? '', trial.value));
}
