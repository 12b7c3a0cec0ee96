// The draft against the market, while it is written: the server's preview, a moment after the last change.
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue';
import { api, done } from '@/api/client';
import type { MatchResult } from '@/api/documents';
import { ProblemError } from '@/api/problem';
import { inputOf, type NeedDraft } from './need';

const PAUSE_MS = 600;

export interface Preview {
  result: ShallowRef<MatchResult | null>;
  /** What the server says of the fields, by pointer; those not yet asked too. */
  faults: ShallowRef<Map<string, string>>;
}

export const isWhole = (draft: NeedDraft): boolean =>
  !!draft.amount_fen && !!(draft.term_months || draft.term_days) && !!draft.kinds?.length && !!draft.purpose;

/** The server's answer to a draft: a result, or its faults. */
export async function check(draft: NeedDraft): Promise<{ result: MatchResult | null; faults: Map<string, string> }> {
  try {
    const result = await done(api.POST('/v1/matches/preview', { body: inputOf(draft) }));
    return { result, faults: new Map() };
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 422) return { result: null, faults: error.fields };
    throw error;
  }
}

export function usePreview(draft: NeedDraft): Preview {
  const result = shallowRef<MatchResult | null>(null);
  const faults = shallowRef(new Map<string, string>());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let run = 0;
  async function ask(): Promise<void> {
    const mine = ++run;
    const answer = await check(draft).catch(() => null);
    if (mine !== run || !answer) return;
    result.value = answer.result;
    faults.value = answer.faults;
  }
  watch(
    () => JSON.stringify(inputOf(draft)),
    () => {
      clearTimeout(timer);
      if (isWhole(draft)) timer = setTimeout(() => void ask(), PAUSE_MS);
      else result.value = null;
    },
  );
  if (isWhole(draft)) void ask();
  onScopeDispose(() => clearTimeout(timer));
  return { result, faults };
}
