// The words of the API (kinds, purposes, facts, states, reasons) with their Chinese and English names, read once.
import { shallowRef, type ShallowRef } from 'vue';
import { api, done } from '@/api/client';
import type { FactValue, Lives, RefusalReason, Vocabulary } from '@/api/documents';
import { w } from '@/words/common';
import { count, listed, money, months, rate } from './format';
import { language, pick, said } from './language';

/** A document that is read when first asked for and then kept. */
function once<T extends object>(read: () => Promise<T>, empty: T) {
  const value = shallowRef(empty) as ShallowRef<T>;
  let begun = false;
  return (): T => {
    if (!begun) {
      begun = true;
      read().then(
        (document) => (value.value = document),
        () => (begun = false),
      );
    }
    return value.value;
  };
}

const vocabulary = once<Vocabulary>(() => done(api.GET('/v1/reference/vocabulary')) as Promise<Vocabulary>, { words: [], facts: [] });
export const lives = once<Lives>(() => done(api.GET('/v1/reference/transitions')) as Promise<Lives>, { states: [], transitions: [] });
const reasons = once<{ items: RefusalReason[] }>(
  () => done(api.GET('/v1/reference/refusal-reasons')) as Promise<{ items: RefusalReason[] }>,
  { items: [] },
);

export interface Option {
  value: string;
  label: string;
  hint?: string;
}
/** Names by code, to choose from. */
export const optionsOf = (names: Record<string, string>): Option[] => Object.entries(names).map(([value, label]) => ({ value, label }));

/** The name of a word: word('kind', 'factoring'). The code itself until the vocabulary is here. */
export function word(list: string, name: string | null | undefined): string {
  if (name == null) return '';
  return said(vocabulary().words.find((x) => x.list === list && x.name === name)) || name;
}
export function wordList(list: string, names: readonly string[] | null | undefined): string {
  return listed((names ?? []).map((name) => word(list, name)));
}
export function wordOptions(list: string, except: readonly string[] = []): Option[] {
  return vocabulary()
    .words.filter((x) => x.list === list && !except.includes(x.name))
    .map((x) => ({ value: x.name, label: said(x) }));
}

export const facts = () => vocabulary().facts;
export function fact(name: string) {
  return vocabulary().facts.find((x) => x.name === name);
}
export function factName(name: string): string {
  return said(fact(name)) || name;
}
/** A fact's value as its type is read: money, a share, months, yes or no, words. */
export function factValue(name: string, value: FactValue | null | undefined): string {
  if (value == null) return '—';
  const about = fact(name);
  if (typeof value === 'boolean') return value ? w.yes : w.no;
  if (Array.isArray(value)) return about?.list ? wordList(about.list, value) : listed(value);
  if (typeof value === 'string') return about?.list ? word(about.list, value) : value;
  switch (about?.type) {
    case 'money':
      return money(value);
    case 'share':
      return rate(value);
    case 'months':
      return months(value);
    default:
      return count(value);
  }
}

/** States of a kind of case, for filters. */
export function stateOptions(kind: string): Option[] {
  return lives()
    .states.filter((s) => s.kind === kind)
    .map((s) => ({ value: s.state, label: pick(s, 'name') }));
}
export function stateName(kind: string, state: string | null | undefined): string {
  const found = lives().states.find((s) => s.kind === kind && s.state === state);
  return found ? pick(found, 'name') : (state ?? '');
}
/** Whether a move wants a reason code and a text. */
export function needsReason(kind: string, state: string, action: string): boolean {
  return lives().transitions.some((t) => t.kind === kind && t.from_state === state && t.action === action && t.needs_reason);
}
export function reasonOptions(): Option[] {
  return reasons().items.map((r) => ({ value: r.code, label: `${r.code} ${pick(r, 'name')}` }));
}

const regionNames = shallowRef(new Map<string, { name_zh: string; name_en: string | null }>());
const asked = new Set<string>();
/** The name of a region by its code; the country is 000000. Siblings come with it, in one request. */
export function regionName(code: string | null | undefined): string {
  if (!code) return '';
  if (code === '000000') return language.value === 'en' ? 'the whole country' : '全国';
  const found = regionNames.value.get(code);
  if (found) return pick(found, 'name') || found.name_zh;
  const parent = code.endsWith('0000') ? '' : code.endsWith('00') ? `${code.slice(0, 2)}0000` : `${code.slice(0, 4)}00`;
  if (!asked.has(parent)) {
    asked.add(parent);
    void loadRegions(parent);
  }
  return code;
}
async function loadRegions(parent: string): Promise<void> {
  const list = await done(api.GET('/v1/reference/regions', { params: { query: parent ? { parent } : {} } })).catch(() => null);
  if (!list) return asked.delete(parent), undefined;
  const names = new Map(regionNames.value);
  for (const item of list.items as { code: string; name_zh: string; name_en: string | null }[]) names.set(item.code, item);
  regionNames.value = names;
}
