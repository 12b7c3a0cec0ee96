// Portal paths are those of the API without /v1, so that any role may follow any link it is sent.
import type { Notification } from '@/api/documents';
import { router } from '@/router';

export const collections: Record<string, string> = {
  need: 'needs',
  application: 'applications',
  offer: 'offers',
  guarantee_case: 'guarantee-cases',
  enterprise: 'enterprises',
  institution: 'institutions',
  product: 'products',
  programme: 'programmes',
  round: 'rounds',
};

/** Where what a notification tells of is seen: a product that fits a need, among the need's matches. */
export function linkOf({ kind, subject_kind, subject_id }: Notification): string | null {
  const link = linkTo(subject_kind, subject_id);
  return link && kind === 'product_fits' ? `${link}/matches` : link;
}

/** Where the page of a subject is; null when whoever is signed in has none of its kind. */
export function linkTo(kind: string, id: string): string | null {
  const link = `/${collections[kind]}/${id}`;
  return router.resolve(link).meta.missing ? null : link;
}
