// What the pages of an enterprise read more than once: its own document, what belongs to one of its needs.
import { api, done } from '@/api/client';
import type { Application, Enterprise, GuaranteeCase, Need, Offer } from '@/api/documents';
import { user } from '@/api/session';
import { useDocument, type DocumentState } from '@/lib/document';
import { pick } from '@/lib/language';
import { rowsOf } from '@/lib/list';

export function useEnterprise(): DocumentState<Enterprise> {
  return useDocument(
    () => user.value?.enterprise_id ?? '',
    (id) => done(api.GET('/v1/enterprises/{id}', { params: { path: { id } } })),
  );
}

/** A need with everything that came of it. */
export interface NeedFile {
  need: Need;
  applications: Application[];
  offers: Offer[];
  guarantees: GuaranteeCase[];
}

async function readFile(id: string): Promise<NeedFile> {
  const query = { need_id: id };
  const [need, applications, offers, guarantees] = await Promise.all([
    done(api.GET('/v1/needs/{id}', { params: { path: { id } } })),
    rowsOf('/v1/applications', query),
    rowsOf('/v1/offers', query),
    rowsOf('/v1/guarantee-cases', query),
  ]);
  return { need, applications, offers, guarantees };
}

/** The file of a need, read again when something happens to the need or to a case of it. */
export function useNeedFile(id: () => string): DocumentState<NeedFile> {
  return useDocument(
    id,
    readFile,
    (subject, file) =>
      subject === id() ||
      !!file && [...file.applications, ...file.offers, ...file.guarantees].some((one) => one.id === subject),
  );
}

/** "G20261126-1A2B3C4D · the guarantor" */
export const guaranteeName = (one: GuaranteeCase): string => `${one.case_no} · ${pick(one.guarantor, 'name')}`;
/** Offers that wait for the enterprise's answer. */
export const isOnTable = (offer: Offer): boolean => offer.state === 'offered';
/** An application that may still lead somewhere. */
export const isLive = (application: Application): boolean => application.waits_for !== null || application.actions.length > 0;
