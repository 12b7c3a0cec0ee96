// What a notification says, made of its codes: the subject and where it moved.
import type { Notification } from '@/api/documents';
import { words } from '@/lib/language';
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
  },
);

export function notificationText(notification: Notification): string {
  const { kind, subject_kind, params } = notification;
  const subject = w.subject[subject_kind] ?? subject_kind;
  const text = (name: string) => (typeof params?.[name] === 'string' ? (params[name] as string) : '');
  const state = text('to_state') || text('state');
  return w.moved(subject, text('no') || text('request_no') || text('case_no'), w.kind[kind] ?? (state ? stateName(subject_kind, state) : kind));
}
