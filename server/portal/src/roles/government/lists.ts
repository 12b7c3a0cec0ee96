// A key-enterprise list line by line: what each would do, then doing it. The platform's enterprises are asked for by
// their codes; what a qualification is called, its vocabulary says.
import { api, done } from '@/api/client';
import type { Enterprise, EnterpriseTag, List } from '@/api/documents';
import { problemOf, type ProblemError } from '@/api/problem';
import { readCsv } from '@/lib/csv';
import { word, wordOptions } from '@/lib/vocabulary';
import { w } from '@/words/government';

export type Verdict = 'unjudged' | 'new' | 'same' | 'change' | 'unknown' | 'bad' | 'done' | 'failed';
export interface Line {
  line: number;
  uscc: string;
  tag: string;
  issuer?: string;
  valid_from?: string;
  valid_to?: string;
  enterprise: Enterprise | null;
  before: EnterpriseTag | null;
  verdict: Verdict;
  text: string;
}
export const LINES_MAX = 2000;
const AT_ONCE = 4;

/** Does `work` for each thing, a few at once. */
async function each<T>(things: T[], work: (thing: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < things.length) await work(things[next++]!);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** The lines of a file, not judged yet; a text when it is no such file. */
export function readLines(text: string): Line[] | string {
  const rows = readCsv(text);
  if (!rows) return w.csvBadQuote;
  const header = rows.shift()?.cells.map((name) => name.trim().toLowerCase()) ?? [];
  if (!header.includes('uscc') || !header.includes('tag')) return w.csvNoColumns;
  if (rows.length > LINES_MAX) return w.csvTooLong(LINES_MAX);
  return rows.map(({ line, cells }) => {
    const cell = (name: string) => cells[header.indexOf(name)]?.trim() || undefined;
    return {
      line,
      uscc: cell('uscc')?.toUpperCase() ?? '',
      tag: cell('tag') ?? '',
      issuer: cell('issuer'),
      valid_from: cell('valid_from'),
      valid_to: cell('valid_to'),
      enterprise: null,
      before: null,
      verdict: 'unjudged',
      text: '',
    };
  });
}

/** A day that there is: neither 2026-02-30 nor 2026-2-3. */
function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${text}T`);
}
function faultOf(line: Line, earlier: Set<string>): string {
  const key = `${line.uscc} ${line.tag}`;
  if (earlier.has(key)) return w.lineTwice;
  earlier.add(key);
  if (!wordOptions('tag').some((option) => option.value === line.tag)) return w.tagUnknown(line.tag);
  for (const name of ['valid_from', 'valid_to'] as const) if (line[name] && !isDay(line[name])) return w.dateBad(name);
  return line.valid_from && line.valid_to && line.valid_from > line.valid_to ? w.datesTurned : '';
}

const textOf = (problem: ProblemError): string => [...problem.fields.values()][0] ?? problem.text;

/** Says of the lines by themselves which are bad. */
export function check(lines: Line[]): void {
  const earlier = new Set<string>();
  for (const line of lines) if ((line.text = faultOf(line, earlier))) line.verdict = 'bad';
}
export const unjudged = (line: Line): boolean => line.verdict === 'unjudged';

/** Judges the lines that are not yet; nothing is changed. A line that could not be asked about says why and waits. */
export async function judge(lines: Line[], progress: (done: number) => void): Promise<void> {
  let finished = 0;
  await each(lines.filter(unjudged), async (line) => {
    try {
      const found = (await done(api.GET('/v1/enterprises', { params: { query: { uscc: line.uscc, limit: 1 } } }))) as List<Enterprise>;
      line.enterprise = found.items[0] ?? null;
      line.before = line.enterprise?.tags.find((tag) => tag.tag === line.tag) ?? null;
      const isSame = (name: 'issuer' | 'valid_from' | 'valid_to') => (line.before?.[name] ?? undefined) === line[name];
      if (!line.enterprise) line.verdict = 'unknown';
      else if (!line.before) line.verdict = 'new';
      else line.verdict = isSame('issuer') && isSame('valid_from') && isSame('valid_to') ? 'same' : 'change';
      line.text = '';
    } catch (error) {
      const problem = problemOf(error);
      if (problem.fields.size) line.verdict = 'bad'; // no such code can be
      line.text = textOf(problem);
    }
    progress(++finished);
  });
}

export const importable = (line: Line): boolean => line.verdict === 'new' || line.verdict === 'change' || line.verdict === 'failed';

/** Confirms what can be; a line that the server refuses says why and spares the rest. */
export async function confirmLines(lines: Line[], progress: (done: number) => void): Promise<void> {
  let finished = 0;
  await each(lines.filter(importable), async (line) => {
    const { tag, issuer, valid_from, valid_to } = line;
    try {
      await done(
        api.POST('/v1/enterprises/{id}/tags', {
          params: { path: { id: line.enterprise!.id } },
          body: { tags: [{ tag: tag as 'srdi', issuer, valid_from, valid_to }] },
        }),
      );
      line.verdict = 'done';
      line.text = '';
    } catch (error) {
      line.verdict = 'failed';
      line.text = textOf(problemOf(error));
    }
    progress(++finished);
  });
}
export const tagName = (tag: string): string => word('tag', tag);
