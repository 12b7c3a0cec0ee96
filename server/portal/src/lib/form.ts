// A form: its values, the faults by JSON pointer, one submission at a time under one idempotency key, a draft that
// survives reload and sign-in, and a guard against leaving with unsaved changes.
import { computed, inject, onScopeDispose, reactive, ref, shallowRef, watch, type ComputedRef, type InjectionKey, type Ref } from 'vue';
import { onBeforeRouteLeave } from 'vue-router';
import { problemOf, type ProblemError } from '@/api/problem';
import { w } from '@/words/common';
import { dropDraft, keepDraft, keptDraft } from './draft';

export interface Form<T extends object = object> {
  values: T;
  /** Faults by pointer: what an input could not read, then what the server said. */
  faults: ComputedRef<Map<string, string>>;
  /** What the server said last. */
  problem: Ref<ProblemError | null>;
  /** What the server said that is about no field. */
  general: ComputedRef<string | null>;
  isSending: Ref<boolean>;
  isChanged: ComputedRef<boolean>;
  /** The values on screen were left here before, not read. */
  isDraft: Ref<boolean>;
  /** Of the document on which the values stand; what is sent with `ifMatch({ version })`. */
  version: Ref<number | undefined>;
  /** Counts failed submissions, so that the summary takes the focus each time. */
  failures: Ref<number>;
  /** An input says what is wrong with what was typed, or undefined when it reads. */
  report(pointer: string, text: string | undefined): void;
  /** The user changed a field: what the server said about it is over. */
  touch(pointer: string): void;
  /**
   * Sends; `send` gets the headers that make it repeatable. Faults are shown and undefined is returned when it fails.
   */
  submit<R>(send: (headers: Record<string, string>) => Promise<R>): Promise<R | undefined>;
  /** What is on screen is saved: the draft goes, leaving needs no question. */
  settle(): void;
  reset(values: T, version?: number): void;
  /**
   * The document was read (again): its values come where the user changed nothing. A draft that stands on another version
   * stays as it was left, so that the server refuses it once; read again after that, it stands on the newest.
   */
  follow(values: T, version?: number): void;
  /** Puts what was read last in the place of what was entered. */
  discard(): void;
}

export const formKey: InjectionKey<Form> = Symbol('form');
export const useFormContext = (): Form | undefined => inject(formKey, undefined);

/** The element's id of the field at a pointer. */
export const idOf = (pointer: string): string => `f${pointer.replaceAll('/', '-')}`;

export interface FormOptions {
  /** Keeps a draft in this browser under this name, for this user. */
  draft?: string;
  /** Several pages fill the draft: none of them says that it goes on with one. */
  shared?: boolean;
  /** Asks before leaving with unsaved changes; on unless there is a draft. */
  guard?: boolean;
}

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export function useForm<T extends object>(initial: T, options: FormOptions = {}): Form<T> {
  const draft = options.draft;
  const kept = draft ? keptDraft<T>(draft) : null;
  const values = reactive(copy({ ...initial, ...kept?.values })) as T;
  /** As JSON, in the order of the values. */
  const textOf = (of: T): string => JSON.stringify(Object.fromEntries((Object.keys(values) as (keyof T)[]).map((name) => [name, of[name]])));
  let base = kept?.base ?? initial;
  let newest: { values: T; version?: number } | undefined;
  const version = ref(kept?.version);
  const saved = ref(textOf(base));
  const unread = reactive(new Map<string, string>());
  const told = shallowRef<ProblemError | null>(null);
  const touched = reactive(new Set<string>());
  const isSending = ref(false);
  const failures = ref(0);
  let key = crypto.randomUUID();

  const isChanged = computed(() => JSON.stringify(values) !== saved.value);
  const isDraft = ref(!!kept && !options.shared && isChanged.value);
  const faults = computed(() => {
    const all = new Map(unread);
    for (const [pointer, text] of told.value?.fields ?? []) if (!touched.has(pointer) && !all.has(pointer)) all.set(pointer, text);
    return all;
  });
  const general = computed(() => (told.value && told.value.fields.size === 0 ? told.value.text : null));

  watch(
    () => JSON.stringify(values),
    () => {
      key = crypto.randomUUID(); // other content is another submission
      keep();
    },
  );
  function keep(): void {
    if (!isChanged.value) isDraft.value = false;
    if (!draft) return;
    if (isChanged.value) keepDraft(draft, { values, base, version: version.value });
    else dropDraft(draft);
  }

  async function submit<R>(send: (headers: Record<string, string>) => Promise<R>): Promise<R | undefined> {
    if (isSending.value) return undefined;
    if (unread.size > 0) {
      failures.value++;
      return undefined;
    }
    isSending.value = true;
    try {
      const result = await send({ 'Idempotency-Key': key });
      told.value = null;
      key = crypto.randomUUID(); // the same content sent again is meant again
      settle();
      return result;
    } catch (error) {
      told.value = problemOf(error);
      touched.clear();
      failures.value++;
      // The answer to this key is stored; the next try is a new submission, unless the outcome is not known.
      if (!['offline', 'outcome_unknown', 'unavailable'].includes(told.value.code)) key = crypto.randomUUID();
      return undefined;
    } finally {
      isSending.value = false;
    }
  }
  function settle(): void {
    saved.value = JSON.stringify(values);
    keep();
  }
  /** The values stand on these; all of them become so, or those that were not changed. */
  function stand(on: T, at: number | undefined, all: boolean): void {
    const before = JSON.parse(saved.value) as T;
    base = copy(on);
    for (const name of Object.keys({ ...values, ...base }) as (keyof T)[])
      if (all || JSON.stringify(values[name]) === JSON.stringify(before[name])) values[name] = copy(base)[name];
    version.value = at;
    saved.value = textOf(base);
    keep();
  }
  function follow(to: T, at?: number): void {
    const isFirst = !newest;
    newest = { values: copy(to), version: at };
    if (isFirst && isDraft.value && version.value !== at) return;
    stand(to, at, false);
  }
  function reset(to: T, at?: number): void {
    stand(to, at, true);
    told.value = null;
    unread.clear();
  }
  const discard = (): void => reset(newest?.values ?? initial, newest?.version);

  if (options.guard ?? !options.draft) guardLeaving(() => isChanged.value && !isSending.value);

  return {
    values,
    faults,
    problem: told,
    general,
    isSending,
    isChanged,
    isDraft,
    version,
    failures,
    report(pointer, text) {
      if (text) unread.set(pointer, text);
      else unread.delete(pointer);
    },
    touch: (pointer) => touched.add(pointer),
    submit,
    settle,
    reset,
    follow,
    discard,
  };
}

/** Asks before the page is left while `isUnsaved`. */
function guardLeaving(isUnsaved: () => boolean): void {
  onBeforeRouteLeave(() => !isUnsaved() || window.confirm(w.leaveUnsaved));
  const onUnload = (event: BeforeUnloadEvent) => {
    if (isUnsaved()) event.preventDefault();
  };
  addEventListener('beforeunload', onUnload);
  onScopeDispose(() => removeEventListener('beforeunload', onUnload));
}
