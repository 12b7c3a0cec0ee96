// One document of the API, kept fresh: read when the page opens, and again when a notification concerns it.
import { onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter, type Ref, type ShallowRef } from 'vue';
import { whenStale } from '@/api/client';
import { onNotification } from '@/api/events';
import { problemOf, type ProblemError } from '@/api/problem';

export interface DocumentState<T> {
  document: ShallowRef<T | null>;
  isLoading: Ref<boolean>;
  problem: ShallowRef<ProblemError | null>;
  reload(): Promise<void>;
}

/**
 * `read` is called with the id, and again when the id changes or when something happens to a subject that `concerns`
 * names (by default: the document's own id), or a change was refused because somebody else had made one.
 */
export function useDocument<T>(
  id: MaybeRefOrGetter<string>,
  read: (id: string) => Promise<T>,
  concerns: (subjectId: string, document: T | null) => boolean = (subject) => subject === toValue(id),
): DocumentState<T> {
  const document = shallowRef<T | null>(null);
  const isLoading = ref(true);
  const problem = shallowRef<ProblemError | null>(null);
  let run = 0;
  async function reload(): Promise<void> {
    const mine = ++run;
    isLoading.value = true;
    try {
      const found = await read(toValue(id));
      if (mine !== run) return;
      document.value = found;
      problem.value = null;
    } catch (error) {
      if (mine === run) problem.value = problemOf(error);
    } finally {
      if (mine === run) isLoading.value = false;
    }
  }
  watch(() => toValue(id), reload, { immediate: true });
  onNotification(({ subject_id }) => {
    if (concerns(subject_id, document.value)) void reload();
  });
  const readAgain = (stale: string | undefined) => (stale === toValue(id) ? reload() : undefined);
  whenStale.add(readAgain);
  onScopeDispose(() => whenStale.delete(readAgain));
  return { document, isLoading, problem, reload };
}
