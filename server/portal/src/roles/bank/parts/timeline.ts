// What the documents say about when a case went where; newest first.
import type { Application, Offer } from '@/api/documents';
import { money, rate } from '@/lib/format';
import type { TimelineEvent } from '@/ui/Timeline.vue';
import { w as common } from '@/words/common';
import { w } from '@/words/bank';
import { pick } from '@/lib/language';

export function eventsOf(application: Application, offers: Offer[]): TimelineEvent[] {
  const events: TimelineEvent[] = [
    { key: 'received', title: w.origins[application.origin] ?? application.origin, at: application.created_at, text: application.note },
  ];
  for (const offer of offers) {
    const terms = `${money(offer.amount_fen)} · ${rate(offer.rate_ppm)} · ${w.allIn} ${rate(offer.cost_ppm)}`;
    events.push({ key: `made-${offer.id}`, title: w.offerMade(offer.round), at: offer.created_at, text: terms });
    if (offer.accepted_at) events.push({ key: `accepted-${offer.id}`, title: w.offerAccepted, at: offer.accepted_at });
    if (offer.contracted_at) events.push({ key: `contract-${offer.id}`, title: w.contractSigned, at: offer.contracted_at, text: offer.contract_no });
  }
  const now: TimelineEvent = {
    key: 'now',
    title: pick(application, 'state'),
    at: application.state_since,
    by: application.waits_for ? common.waitsFor[application.waits_for] : null,
    text: application.reason ? `${application.reason.code} ${pick(application.reason, 'name')}${application.reason.text ? `：${application.reason.text}` : ''}` : null,
    pending: application.waits_for !== null,
  };
  return [now, ...events.sort((a, b) => b.at.localeCompare(a.at))];
}
