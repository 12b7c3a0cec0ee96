// Regions and industries, found by name or code on the server.
import { reactive } from 'vue';
import { api, done } from '@/api/client';
import type { Code } from '@/api/documents';
import { language, pick } from './language';
import type { Option } from './vocabulary';

const optionOf = (item: Code): Option => ({
  value: item.code,
  label: `${pick(item, 'name')} ${item.letter_code ?? item.code}`,
  hint: (language.value === 'en' ? item.path_en : item.path_zh)?.join(' › '),
});

export async function findRegions(typed: string): Promise<Option[]> {
  const list = await done(api.GET('/v1/reference/regions', { params: { query: typed ? { q: typed } : {} } }));
  return (list.items as Code[]).map(optionOf);
}

/** Classes only: what an enterprise is registered under. */
export async function findIndustries(typed: string): Promise<Option[]> {
  const list = await done(api.GET('/v1/reference/industries', { params: { query: typed ? { q: typed, level: 'class' } : {} } }));
  return (list.items as Code[]).map(optionOf);
}

const industries = reactive(new Map<string, Code | null>());
/** The name of an industry by its code, read when first asked for. */
export function industryName(code: string | null | undefined): string {
  if (!code) return '';
  const plain = code.replace(/^[A-Z]/, '');
  if (!industries.has(plain)) {
    industries.set(plain, null);
    void done(api.GET('/v1/reference/industries', { params: { query: { q: plain } } })).then(
      (list) => industries.set(plain, (list.items as Code[]).find((item) => item.code === plain) ?? null),
      () => industries.delete(plain),
    );
  }
  const found = industries.get(plain);
  return found ? pick(found, 'name') : code;
}
