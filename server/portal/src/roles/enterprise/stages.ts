// Where a case stands on its way, and what happened to a need so far, told from the documents.
import type { Life } from '@/api/documents';
import { pick } from '@/lib/language';
import { stateName, word } from '@/lib/vocabulary';
import type { TimelineEvent } from '@/ui/Timeline.vue';
import { w as common } from '@/words/common';
import { w } from '@/words/enterprise_cases';
import type { NeedFile } from './mine';

const ways: Record<string, string[]> = {
  need: ['checking', 'open', 'claimed', 'offered', 'accepted', 'contracted', 'funded', 'closed'],
  application: ['received', 'investigating', 'pending_approval', 'offered', 'accepted', 'contracted', 'disbursed'],
  guarantee_case: ['applied', 'reviewing', 'pending_approval', 'approved', 'effective', 'reinsured'],
};
/** States beside the way stand where the case waits on it. */
const beside: Record<string, string> = {
  draft: 'checking',
  returned: 'checking',
  stalled: 'open',
  action_required: 'received',
  refusal_pending: 'pending_approval',
  batch_filed: 'reviewing',
};

export function stages(kind: string, state: string): { steps: { key: string; label: string }[]; at: number } {
  const way = ways[kind] ?? [];
  return { steps: way.map((key) => ({ key, label: stateName(kind, key) })), at: way.indexOf(beside[state] ?? state) };
}

/** What an application comes to by its offer is told with the offer. */
const BY_OFFER = new Set(['offered', 'accepted', 'contracted', 'disbursed']);

/** What is waited for now, as the newest event. */
export function waiting(life: Pick<Life, 'waits_for' | 'state_since' | 'state_zh' | 'state_en'>, key: string): TimelineEvent[] {
  if (!life.waits_for) return [];
  return [{ key: `${key}-now`, title: common.waitsFor[life.waits_for] ?? '', at: life.state_since, by: pick(life, 'state'), pending: true }];
}

const newestFirst = (a: TimelineEvent, b: TimelineEvent): number =>
  Number(b.pending ?? false) - Number(a.pending ?? false) || Date.parse(b.at) - Date.parse(a.at);

export function needEvents({ need, applications, offers, guarantees }: NeedFile): TimelineEvent[] {
  const events: TimelineEvent[] = [...waiting(need, need.id)];
  if (need.matched_at) events.push({ key: `${need.id}-match`, title: need.eligible_total === null ? w.matched : w.matchedCount(need.eligible_total), at: need.matched_at });
  events.push({ key: need.id, title: w.posted, at: need.created_at, by: need.enterprise?.name });
  for (const one of applications) {
    const by = pick(one.institution, 'name');
    events.push({ key: one.id, title: w.origins[one.origin] ?? one.origin, at: one.created_at, by });
    if (one.state_since > one.created_at && one.state !== 'received' && !BY_OFFER.has(one.state))
      events.push({ key: `${one.id}-state`, title: pick(one, 'state'), at: one.state_since, by, text: one.reason?.text });
  }
  for (const one of offers) {
    const by = pick(one.institution, 'name');
    if (one.state === 'offered' || one.state === 'countered')
      events.push({ key: one.id, title: pick(one, 'state'), at: one.state_since, by });
    if (one.accepted_at) events.push({ key: `${one.id}-accepted`, title: w.acceptedOffer, at: one.accepted_at, by });
    if (one.contracted_at) events.push({ key: `${one.id}-contract`, title: w.contracted(one.contract_no ?? ''), at: one.contracted_at, by });
    if (one.state === 'disbursed') events.push({ key: `${one.id}-money`, title: pick(one, 'state'), at: one.state_since, by });
  }
  for (const one of guarantees)
    events.push({
      key: one.id,
      title: `${word('kind', 'guarantee')} ${one.case_no} · ${pick(one, 'state')}`,
      at: one.state_since,
      by: pick(one.guarantor, 'name'),
    });
  return events.sort(newestFirst);
}
