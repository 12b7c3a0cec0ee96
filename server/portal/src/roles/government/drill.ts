// From a figure of a report to the list that it counts or is taken over, and what such a list is about.
import { computed, reactive, shallowRef, type ComputedRef } from 'vue';
import { useRoute, useRouter, type RouteLocationRaw } from 'vue-router';
import { api, done } from '@/api/client';
import type { FigureDefinition, Institution, Report, ReportFigure } from '@/api/documents';
import { count, moment, money, rate } from '@/lib/format';
import { pick } from '@/lib/language';
import type { ListState } from '@/lib/list';
import type { Column } from '@/ui/DataTable.vue';

/** What a report goes by; its page keeps them in the address. */
export const REPORT_FILTERS = ['region', 'from', 'to', 'kind', 'channel'];
/** What every list takes over from a figure, and beside it a list of cases; each list adds what else its figures ask for. */
export const DRILL_FILTERS = [...REPORT_FILTERS, 'region_exact', 'institution_id'];
export const CASE_FILTERS = [...DRILL_FILTERS, 'state', 'overdue', 'waits_for'];

type Filter = Record<string, string | number | boolean | null | undefined>;

/** Where the rows are that a figure counts: the report's filter, the row's, the figure's own. */
export function drillTo(figure: ReportFigure | undefined, ...filters: (Filter | null | undefined)[]): RouteLocationRaw | undefined {
  if (!figure?.list) return undefined;
  const query: Record<string, string> = { figure: figure.code };
  for (const filter of [...filters, figure.filter])
    for (const [name, value] of Object.entries(filter ?? {})) if (value != null) query[name] = String(value);
  return { path: `/${figure.list.replace('statistics/overdue-cases', 'overdue')}`, query };
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
export const figuresOf = (report: string): FigureDefinition[] => figureDefinitions().filter((figure) => figure.report === report);
export const definitionOf = (report: string, field: string): FigureDefinition | undefined => figuresOf(report).find((figure) => figure.field === field);
export const figureName = (report: string, field: string): string => pick(definitionOf(report, field), 'name');
export const figureText = (report: string, field: string): string => pick(definitionOf(report, field), 'text');

export type Value = number | string | null;
export const valueOf = (row: object, field: string): Value => (row as Record<string, Value>)[field] ?? null;
/** A figure as it is read. */
export function shown(unit: string | undefined, value: Value, digits?: number): string {
  if (typeof value === 'string') return moment(value);
  return unit === 'fen' ? money(value, digits) : unit === 'ppm' ? rate(value, 0) : count(value, 1);
}
/** The columns of a report's figures, each cell a link to its list. */
export function figureColumns<R extends object>(report: string, about: Pick<Report, 'filter' | 'figures' | 'row_filter'>): Column<R>[] {
  return figuresOf(report).map((figure) => ({
    key: figure.field,
    label: pick(figure, 'name'),
    number: true,
    text: (row) => shown(figure.unit, valueOf(row, figure.field)),
    sort: (row) => valueOf(row, figure.field),
    to: (row) => (valueOf(row, figure.field) === null ? null : drillTo(about.figures[figure.field], about.filter, rowFilter(about.row_filter, row))),
  }));
}

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
