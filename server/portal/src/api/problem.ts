import { language } from '@/lib/language';
import { w } from '@/words/common';
import type { Problem } from './documents';

/** What went wrong with a request, as RFC 9457 says it; code `offline` when no answer came. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.title);
    this.name = 'ProblemError';
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }

  get text(): string {
    // What the portal knows better comes before what the server says.
    return w.problems[this.code] ?? (language.value === 'en' ? this.problem.title_en : this.problem.title_zh);
  }

  /** Faults by JSON pointer, in the page's language; the first of each field. A field that is "refused" is so for what the
   * problem says. */
  get fields(): Map<string, string> {
    const fields = new Map<string, string>();
    const said = (fault: NonNullable<Problem['errors']>[number]) => (language.value === 'en' ? fault.detail_en : fault.detail_zh);
    for (const fault of this.problem.errors ?? [])
      if (!fields.has(fault.pointer)) fields.set(fault.pointer, fault.code === 'refused' ? this.text : said(fault));
    return fields;
  }
}

/** A problem of the portal's own, whose text is among its words. */
const ownProblem = (code: string, status: number): ProblemError =>
  new ProblemError({ type: 'about:blank', title: code, status, code, title_zh: '', title_en: '', request_id: '' });

/** Makes a ProblemError of whatever was thrown or answered. */
export function problemOf(cause: unknown, status = 0): ProblemError {
  if (cause instanceof ProblemError) return cause;
  if (cause && typeof cause === 'object' && 'code' in cause && 'title_zh' in cause) return new ProblemError(cause as Problem);
  return ownProblem(status === 0 ? 'offline' : 'unexpected', status);
}
