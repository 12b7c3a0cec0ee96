// Numbers, money, days and times as people read them, in the page's language. Formatters are made once a language.
import { language } from './language';

const locale = () => (language.value === 'en' ? 'en-GB' : 'zh-CN');
const TIME_ZONE = 'Asia/Shanghai';

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();
function keep<T extends Intl.NumberFormat | Intl.DateTimeFormat>(key: string, make: () => T): T {
  const full = `${locale()}|${key}`;
  let formatter = made.get(full) as T | undefined;
  if (!formatter) made.set(full, (formatter = make()));
  return formatter;
}

/** What is not known is a dash, never a zero. */
export const NONE = '—';

export function count(value: number | null | undefined, digits = 0): string {
  if (value == null) return NONE;
  return keep(`n${digits}`, () => new Intl.NumberFormat(locale(), { maximumFractionDigits: digits })).format(value);
}

const steps = {
  zh: [
    [1e10, '亿元'],
    [1e6, '万元'],
    [100, '元'],
  ],
  en: [
    [1e11, 'bn'],
    [1e8, 'm'],
    [1e5, 'k'],
    [100, ''],
  ],
} as const;

/** 30000000 fen: "30 万元", "CNY 300k". Up to two decimals, so that small differences stay visible. */
export function money(fen: number | null | undefined, digits = 2): string {
  if (fen == null) return NONE;
  const table = steps[language.value];
  const [size, unit] = table.find(([from]) => Math.abs(fen) >= from) ?? table[table.length - 1]!;
  const number = count(fen / size, digits);
  return language.value === 'en' ? `CNY ${number}${unit}` : `${number} ${unit}`;
}

/** To the fen, for contracts and confirmations: "¥3,000,000.00". */
export function moneyExact(fen: number | null | undefined): string {
  if (fen == null) return NONE;
  return keep('exact', () => new Intl.NumberFormat(locale(), { style: 'currency', currency: 'CNY', currencyDisplay: 'narrowSymbol' })).format(fen / 100);
}

/** 34500: "3.45%". */
export function rate(ppm: number | null | undefined, digits = 2): string {
  if (ppm == null) return NONE;
  return keep(`p${digits}`, () => new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: digits })).format(ppm / 1e6);
}

/** A day of the API, or of a moment in Beijing: "2026-11-23" in both languages. */
export function day(text: string | null | undefined): string {
  if (!text) return NONE;
  if (text.length === 10) return text;
  const parts = keep('day', () => new Intl.DateTimeFormat('sv-SE', { timeZone: TIME_ZONE, dateStyle: 'short' }));
  return parts.format(new Date(text));
}

/** "2026-11-23 09:12", Beijing time. */
export function moment(text: string | null | undefined): string {
  if (!text) return NONE;
  return keep('moment', () => new Intl.DateTimeFormat('sv-SE', { timeZone: TIME_ZONE, dateStyle: 'short', timeStyle: 'short' })).format(
    new Date(text),
  );
}

export function today(): string {
  return day(new Date().toISOString());
}

function units(value: number, zh: string, en: string): string {
  return language.value === 'en' ? `${count(value)} ${en}${value === 1 ? '' : 's'}` : `${count(value)} ${zh}`;
}
/** "24 个月" */
export const months = (value: number | null | undefined): string => (value == null ? NONE : units(value, '个月', 'month'));
/** The term of a need: in months, of a bridge in days, of one that takes either both. */
export const term = ({ term_months, term_days }: { term_months?: number | null; term_days?: number | null }): string =>
  listed([term_months && months(term_months), term_days && units(term_days, '天', 'day')]) || NONE;

/** A span of time in its two largest units: "1 天 2 小时", "26 min". */
export function span(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  const units: [number, string, string][] = [
    [Math.floor(minutes / 1440), '天', 'd'],
    [Math.floor(minutes / 60) % 24, '小时', 'h'],
    [minutes % 60, '分', 'min'],
  ];
  const first = units.findIndex(([n]) => n > 0);
  const shown = units.slice(first < 0 ? 2 : first).slice(0, 2).filter(([n], i) => n > 0 || i === 0);
  return shown.map(([n, zh, en]) => `${n} ${language.value === 'en' ? en : zh}`).join(' ');
}

/** Several words as one: "甲、乙" or "a, b". */
export function listed(parts: (string | null | undefined | false | 0)[]): string {
  return parts.filter(Boolean).join(language.value === 'en' ? ', ' : '、');
}
