// Cases (needs, applications, offers, guarantees, products, rounds): reading one, what may be done next, doing it.
import type { MaybeRefOrGetter } from 'vue';
import { api, done, ifMatch } from '@/api/client';
import type { Application, GuaranteeCase, Life, Need, Offer, Product, Round, Versioned } from '@/api/documents';
import { useDocument, type DocumentState } from './document';
import { collections } from './links';

export interface Cases {
  need: Need;
  application: Application;
  offer: Offer;
  guarantee_case: GuaranteeCase;
  product: Product;
  round: Round;
}
export type CaseKind = keyof Cases;

/** A case by its id, read again when something happens to it. */
export function useCase<K extends CaseKind>(kind: K, id: MaybeRefOrGetter<string>): DocumentState<Cases[K]> {
  const path = `/v1/${collections[kind]}/{id}` as '/v1/needs/{id}';
  return useDocument(id, (at) => done(api.GET(path, { params: { path: { id: at } } })) as unknown as Promise<Cases[K]>);
}

/** Whether the asker may make this move now, as the server says. */
export function may<A extends string>(document: Pick<Life<A>, 'actions'> | null | undefined, action: A): boolean {
  return document?.actions.includes(action) ?? false;
}

/** Makes a move that takes a reason or a note; moves with an input of their own have their own typed route. */
export function moveCase<K extends CaseKind>(
  kind: K,
  document: Versioned,
  action: string,
  body: object,
  headers: Record<string, string>,
): Promise<Cases[K]> {
  const path = `/v1/${collections[kind]}/{id}/${action}` as '/v1/needs/{id}/withdraw';
  return done(
    api.POST(path, { params: { path: { id: document.id } }, body, headers: { ...headers, ...ifMatch(document) } }),
  ) as unknown as Promise<Cases[K]>;
}
