// A list of the API whose filters, sort and page are the URL's query, so that links and Back work.
import { computed, ref, shallowRef, watch, type Ref } from 'vue';
import { useRoute, useRouter, type LocationQueryRaw } from 'vue-router';
import { api, done, download } from '@/api/client';
import type { List, ListItems } from '@/api/documents';
import { onNotification } from '@/api/events';
import { problemOf, type ProblemError } from '@/api/problem';
import { w } from '@/words/common';
import { count, today } from './format';
import { toast } from './toast';

type Query = Record<string, string>;

export interface ListOptions {
  /** Names of the query parameters that the page offers as filters. */
  filters?: string[];
  /** What is always asked for beside the filters. */
  fixed?: () => Record<string, string | number | boolean | undefined>;
  /** Path parameters. */
  path?: () => Record<string, string>;
  limit?: number;
  /** Reads again when a notification concerns one of these kinds. */
  follows?: string[];
}

export interface ListState<T> {
  items: Ref<T[]>;
  isLoading: Ref<boolean>;
  problem: Ref<ProblemError | null>;
  hasNext: Ref<boolean>;
  hasPrevious: Ref<boolean>;
  /** 1 for the first page. */
  page: Ref<number>;
  filters: Ref<Query>;
  setFilter(name: string, value: string | undefined): void;
  clearFilters(): void;
  next(): void;
  previous(): void;
  reload(): Promise<void>;
  csv(): Promise<void>;
  /** Says how far the file is while it is made. */
  making: Ref<string>;
}

/** Pages of a hundred rows: as many as the largest list has that a page shows whole, the needs of a round. */
const PAGES = 50;
/** Every row of a list. */
export async function rowsOf<P extends keyof ListItems>(path: P, query: object = {}, at: object = {}): Promise<ListItems[P][]> {
  const rows: ListItems[P][] = [];
  for (let cursor: string | undefined, page = 0; page < PAGES; page++) {
    const list = (await done(
      api.GET(path as '/v1/needs', { params: { query: { ...query, limit: 100, cursor } as never, path: at as never } }),
    )) as List<ListItems[P]>;
    rows.push(...list.items);
    if (!list.next) break;
    cursor = list.next;
  }
  return rows;
}

export function useList<P extends keyof ListItems>(path: P, options: ListOptions = {}): ListState<ListItems[P]> {
  const route = useRoute();
  const router = useRouter();
  const here = route.path;
  const items = shallowRef<ListItems[P][]>([]);
  const cursorNext = ref<string | null>(null);
  const isLoading = ref(true);
  const problem = shallowRef<ProblemError | null>(null);
  const making = ref('');

  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const filters = computed<Query>(() => {
    const set: Query = {};
    for (const name of options.filters ?? []) {
      const value = text(route.query[name]);
      if (value) set[name] = value;
    }
    return set;
  });
  const cursor = computed(() => text(route.query.cursor));
  const page = computed(() => Number(text(route.query.page) ?? 1) || 1);
  const asked = computed<Query>(() => {
    const all: Query = {};
    for (const [name, value] of Object.entries(options.fixed?.() ?? {})) if (value !== undefined) all[name] = String(value);
    return { ...all, ...filters.value };
  });

  let run = 0;
  async function reload(): Promise<void> {
    const mine = ++run;
    isLoading.value = true;
    const query: Query = { ...asked.value, limit: String(options.limit ?? 20) };
    if (cursor.value) query.cursor = cursor.value;
    try {
      const list = (await done(
        api.GET(path as '/v1/needs', { params: { query: query as never, path: options.path?.() as never } }),
      )) as List<ListItems[P]> & { next_cursor?: string };
      if (mine !== run) return;
      items.value = list.items;
      cursorNext.value = list.next ?? list.next_cursor ?? null;
      problem.value = null;
    } catch (error) {
      if (mine === run) problem.value = problemOf(error);
    } finally {
      if (mine === run) isLoading.value = false;
    }
  }

  function go(change: LocationQueryRaw): void {
    void router.push({ query: { ...route.query, ...change } });
  }
  /** What is asked anew begins at its first page, and is no figure's list any more. */
  const anew = { cursor: undefined, page: undefined, figure: undefined };
  function setFilter(name: string, value: string | undefined): void {
    go({ ...anew, [name]: value || undefined });
  }
  function clearFilters(): void {
    go({ ...anew, ...Object.fromEntries((options.filters ?? []).map((name) => [name, undefined])) });
  }
  function next(): void {
    if (cursorNext.value) go({ cursor: cursorNext.value, page: String(page.value + 1) });
  }
  /** A cursor leads forward only: the page before is the one the reader came from, else the first. */
  function previous(): void {
    const back = text(history.state?.back);
    if (back?.split('?')[0] === route.path && page.value > 1) router.back();
    else go({ cursor: undefined, page: undefined });
  }

  watch(
    [asked, cursor],
    () => {
      if (route.path === here) void reload();
    },
    { immediate: true, deep: true },
  );
  onNotification(({ subject_kind }) => {
    if (options.follows?.includes(subject_kind)) void reload();
  });

  return {
    items,
    isLoading,
    problem,
    filters,
    page,
    hasNext: computed(() => cursorNext.value !== null),
    hasPrevious: computed(() => cursor.value !== undefined),
    setFilter,
    clearFilters,
    next,
    previous,
    reload,
    making,
    async csv() {
      const full = Object.entries(options.path?.() ?? {}).reduce((url, [k, v]) => url.replace(`{${k}}`, v), String(path));
      const tell = (rows: number) => (making.value = w.rowsRead(count(rows)));
      tell(0);
      await download(full, asked.value, `${String(path).split('/')[2]}-${today()}.csv`, tell).catch((error: unknown) => toast(problemOf(error).text, 'bad'));
      making.value = '';
    },
  };
}
