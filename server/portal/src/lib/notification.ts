// What a notification says, made of its codes: the subject and where it moved.
import type { Notification } from '@/api/documents';
import { w } from '@/words/common';
import { pick } from './language';
import { stateName } from './vocabulary';

export function notificationText(notification: Notification): string {
  const { kind, subject_kind, params } = notification;
  const text = (name: string) => (typeof params?.[name] === 'string' ? (params[name] as string) : '');
  const name = w.notification.subject[subject_kind] ?? subject_kind;
  const no = text('no') || text('request_no') || text('case_no');
  const subject = no ? `${name} ${no}` : name;
  if (kind === 'product_fits') return w.notification.fits(subject, pick(params, 'institution'), pick(params, 'product'));
  const state = text('to_state') || text('state');
  return w.notification.moved(subject, w.notification.kind[kind] ?? (state ? stateName(subject_kind, state) : kind));
}
