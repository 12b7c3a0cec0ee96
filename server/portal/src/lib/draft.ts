// Drafts of forms, kept in this browser for each user: they outlive reload, sign-out and the session's end.
import { user } from '@/api/session';

const draftKey = (name: string): string => `rq-draft:${user.value?.id ?? ''}:${name}`;

/** What this user left unfinished under this name, if anything. */
export function keptDraft<T>(name: string): Partial<T> | null {
  const kept = localStorage.getItem(draftKey(name));
  return kept ? (JSON.parse(kept) as Partial<T>) : null;
}
export function keepDraft(name: string, values: object): void {
  localStorage.setItem(draftKey(name), JSON.stringify(values));
}
export function dropDraft(name: string): void {
  localStorage.removeItem(draftKey(name));
}
