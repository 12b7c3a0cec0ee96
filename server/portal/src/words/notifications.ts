// What a notification says, made of its codes: the subject and where it moved.
import type { Notification } from '@/api/documents';
import { pick, words } from '@/lib/language';
import { stateName } from '@/lib/vocabulary';

const w = words(
  {
    subject: {
      need: '融资需求',
      application: '申请',
      offer: '授信方案',
      guarantee_case: '担保业务',
      round: '对接会',
      enterprise: '企业核验',
      product: '产品',
    } as Record<string, string>,
    moved: (subject: string, no: string, state: string) => `${subject}${no ? ` ${no}` : ''}：${state}`,
    kind: { nudge: '主管部门催办' } as Record<string, string>,
    fits: (no: string, institution: string, product: string) => `融资需求${no ? ` ${no}` : ''}：${institution}新上架的“${product}”可以满足`,
  },
  {
    subject: {
      need: 'Need',
      application: 'Application',
      offer: 'Offer',
      guarantee_case: 'Guarantee',
      round: 'Round',
      enterprise: 'Verification',
      product: 'Product',
    },
    moved: (subject, no, state) => `${subject}${no ? ` ${no}` : ''}: ${state}`,
    kind: { nudge: 'The authority asks for progress' },
    fits: (no, institution, product) => `Need${no ? ` ${no}` : ''}: newly served by “${product}” of ${institution}`,
  },
);

export function notificationText(notification: Notification): string {
  const { kind, subject_kind, params } = notification;
  const subject = w.subject[subject_kind] ?? subject_kind;
  const text = (name: string) => (typeof params?.[name] === 'string' ? (params[name] as string) : '');
  if (kind === 'product_fits') return w.fits(text('no'), pick(params, 'institution'), pick(params, 'product'));
  const state = text('to_state') || text('state');
  return w.moved(subject, text('no') || text('request_no') || text('case_no'), w.kind[kind] ?? (state ? stateName(subject_kind, state) : kind));
}
