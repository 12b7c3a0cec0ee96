// Portal paths are those of the API without /v1, so that any role may follow any link it is sent.
const collections: Record<string, string> = {
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

/** Where the page of a subject is; null for kinds that have none. */
export function linkTo(kind: string, id: string): string | null {
  const collection = collections[kind];
  return collection ? `/${collection}/${id}` : null;
}
