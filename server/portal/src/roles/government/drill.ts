// From a figure of a report to the list that it counts, and what such a list is about.
import { computed, reactive, shallowRef, type ComputedRef } from 'vue';
import { useRoute, useRouter, type RouteLocationRaw } from 'vue-router';
import { api, done } from '@/api/client';
import type { FigureDefinition, Institution, ReportFigure } from '@/api/documents';
import { pick } from '@/lib/language';
import type { ListState } from '@/lib/list';

/** What a report goes by; its page keeps them in the address. */
export const REPORT_FILTERS = ['region', 'from', 'to', 'kind', 'channel'];
/** What a list takes over from a figure beside the filters that it offers by itself. */
export const DRILL_FILTERS = [...REPORT_FILTERS, 'region_exact', 'step', 'by', 'institution_id', 'first_loan'];

type Filter = Record<string, string | number | boolean | null | undefined>;

/** Where the rows are that a figure counts: the report's filter, the row's, the figure's own. */
export function drillTo(figure: ReportFigure | undefined, ...filters: (Filter | null | undefined)[]): RouteLocationRaw | undefined {
  if (!figure?.list) return undefined;
  const query: Record<string, string> = { figure: figure.code };
  for (const filter of [...filters, figure.filter])
    for (const [name, value] of Object.entries(filter ?? {})) if (value != null) query[name] = String(value);
  return { path: `/${figure.list}`, query };
}

/** The row's part of the filter: a report's row_filter names the row's field for each parameter. */
export function rowFilter(map: Record<string, string>, row: object): Filter {
  const fields = row as Record<string, string | boolean | null>;
  return Object.fromEntries(
    Object.entries(map).map(([parameter, field]) => [parameter, fields[field] === false ? undefined : fields[field]]),
  );
}

const definitions = shallowRef<FigureDefinition[]>([]);
let isAsked = false;
/** What the figures mean, read once. */
export function figureDefinitions(): FigureDefinition[] {
  if (!isAsked) {
    isAsked = true;
    void done(api.GET('/v1/reference/figures')).then(
      (list) => (definitions.value = list.items as FigureDefinition[]),
      () => (isAsked = false),
    );
  }
  return definitions.value;
}
export const definitionOf = (report: string, field: string): FigureDefinition | undefined =>
  figureDefinitions().find((figure) => figure.report === report && figure.field === field);
export const figureName = (report: string, field: string): string => pick(definitionOf(report, field), 'name');
export const figureText = (report: string, field: string): string => pick(definitionOf(report, field), 'text');

const institutions = reactive(new Map<string, Institution | null>());
/** The name of an institution by its id, read when first asked for. */
export function institutionName(id: string | null | undefined): string {
  if (!id) return '';
  if (!institutions.has(id)) {
    institutions.set(id, null);
    void done(api.GET('/v1/institutions/{id}', { params: { path: { id } } })).then(
      (found) => institutions.set(id, found),
      () => institutions.delete(id),
    );
  }
  return pick(institutions.get(id), 'name');
}

/** The filters of a page that is no list, kept in the address like a list's. */
export function useQueryFilters(names: string[]): ListState<never> & { query: ComputedRef<Record<string, string>> } {
  const route = useRoute();
  const router = useRouter();
  const query = computed(() => {
    const set: Record<string, string> = {};
    for (const name of names) if (typeof route.query[name] === 'string' && route.query[name]) set[name] = route.query[name];
    return set;
  });
  const go = (change: Record<string, string | undefined>) => void router.push({ query: { ...route.query, ...change } });
  return {
    query,
    filters: query,
    setFilter: (name: string, value: string | undefined) => go({ [name]: value || undefined }),
    clearFilters: () => go(Object.fromEntries(names.map((name) => [name, undefined]))),
  } as unknown as ListState<never> & { query: ComputedRef<Record<string, string>> };
}
