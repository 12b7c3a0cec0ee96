// The filters that the lists of the region have in common.
import type { Filter } from '@/ui/FilterBar.vue';
import { optionsOf, stateOptions, wordOptions } from '@/lib/vocabulary';
import { w } from '@/words/government';

export const filterOf = {
  state: (kind: string): Filter => ({ name: 'state', label: w.state, options: stateOptions(kind) }),
  region: (): Filter => ({ name: 'region', label: w.region, region: true }),
  kind: (): Filter => ({ name: 'kind', label: w.kind, options: wordOptions('kind') }),
  channel: (): Filter => ({ name: 'channel', label: w.channel, options: optionsOf(w.channels) }),
  from: (): Filter => ({ name: 'from', label: w.from, hint: w.dayHint }),
  to: (): Filter => ({ name: 'to', label: w.to, hint: w.dayHint }),
  step: (steps: Record<string, string>): Filter => ({ name: 'step', label: w.step, options: optionsOf(steps) }),
  overdue: (): Filter => ({ name: 'overdue', label: w.clock, options: [{ value: 'true', label: w.onlyLate }] }),
};
/** Of every list that a report counts. */
export const periodFilters = (): Filter[] => [filterOf.region(), filterOf.kind(), filterOf.from(), filterOf.to()];
