// Drafts of forms, kept in this browser for each user: they outlive reload, sign-out and the session's end.
import { user } from '@/api/session';

const draftKey = (name: string): string => `rq-draft:${user.value?.id ?? ''}:${name}`;

export interface Draft<T> {
  values: Partial<T>;
  /** What had been read before it was changed, and the version of that. */
  base?: T;
  version?: number;
}

/** What this user left unfinished under this name, if anything. */
export function keptDraft<T>(name: string): Draft<T> | null {
  const kept = localStorage.getItem(draftKey(name));
  return kept ? (JSON.parse(kept) as Draft<T>) : null;
}
export function keepDraft(name: string, draft: Draft<object>): void {
  localStorage.setItem(draftKey(name), JSON.stringify(draft));
}
export function dropDraft(name: string): void {
  localStorage.removeItem(draftKey(name));
}
