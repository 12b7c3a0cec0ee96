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
    if (this.code === 'version_changed') return w.versionChanged; // the page has read it again
    return language.value === 'en' ? this.problem.title_en : this.problem.title_zh;
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

export const offline: Problem = {
  type: 'about:blank',
  title: 'offline',
  status: 0,
  code: 'offline',
  title_zh: '无法连接服务器，请检查网络后重试；您填写的内容没有丢失',
  title_en: 'The server cannot be reached. Check the network and try again; nothing you entered is lost',
  request_id: '',
};

/** Makes a ProblemError of whatever was thrown or answered. */
export function problemOf(cause: unknown, status = 0): ProblemError {
  if (cause instanceof ProblemError) return cause;
  if (cause && typeof cause === 'object' && 'code' in cause && 'title_zh' in cause) return new ProblemError(cause as Problem);
  if (status === 0) return new ProblemError(offline);
  return new ProblemError({
    type: 'about:blank',
    title: String(status),
    status,
    code: 'unexpected',
    title_zh: `服务器的回答无法识别（${status}），请稍后重试`,
    title_en: `The server's answer was not understood (${status}); try again shortly`,
    request_id: '',
  });
}
