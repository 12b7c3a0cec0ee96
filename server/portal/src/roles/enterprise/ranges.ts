// A product's bounds in words.
import type { Product } from '@/api/documents';
import { NONE, rate } from '@/lib/format';
import { w } from '@/words/enterprise_cases';

export function range<T>(from: T | null | undefined, to: T | null | undefined, text: (value: T) => string): string {
  if (from != null && to != null) return from === to ? text(from) : w.range(text(from), text(to));
  return to != null ? w.upTo(text(to)) : from != null ? w.from(text(from)) : NONE;
}

export function rateRange({ rate: terms }: Product): string {
  if (!terms) return NONE;
  if (terms.base === 'fixed') return range(terms.low_ppm, terms.high_ppm, rate);
  const points = (ppm: number) => `${ppm < 0 ? '−' : '+'}${rate(Math.abs(ppm))}`;
  return `${w.rateBase[terms.base]} ${range(terms.low_ppm, terms.high_ppm, points)}`;
}
