// CSV that the server reads: with keep false it only says what would become of each line.
import { api, done } from './client';
import type { ImportReport } from './documents';

export function importCsv(what: 'enterprises' | 'products', text: string, keep: boolean, headers: Record<string, string>): Promise<ImportReport> {
  const path = `/v1/${what}/import` as '/v1/enterprises/import';
  return done(
    api.POST(path, {
      params: { query: keep ? {} : { dry_run: true } } as never,
      body: text as never,
      bodySerializer: (body: unknown) => body as string,
      headers: { ...headers, 'Content-Type': 'text/csv' },
    }),
  ) as unknown as Promise<ImportReport>;
}
