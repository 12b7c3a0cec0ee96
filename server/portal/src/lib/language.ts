// The page's language: in the URL (?l=en), remembered by a cookie, Chinese unless told.
import { ref, watchEffect } from 'vue';

export type Language = 'zh' | 'en';

export const isLanguage = (text: unknown): text is Language => text === 'zh' || text === 'en';

function initial(): Language {
  const asked = new URLSearchParams(location.search).get('l');
  const kept = /(?:^|; )l=(\w+)/.exec(document.cookie)?.[1];
  return isLanguage(asked) ? asked : isLanguage(kept) ? kept : 'zh';
}

export const language = ref<Language>(initial());

watchEffect(() => {
  document.documentElement.lang = language.value === 'en' ? 'en' : 'zh-CN';
  document.cookie = `l=${language.value}; Path=/; Secure; SameSite=Lax; Max-Age=31536000`;
});

/** The field of a document in the page's language: pick(offer.institution, 'name') reads name_en or name_zh. */
export function pick(document: object | null | undefined, field: string): string {
  if (!document) return '';
  const have = document as Record<string, string | null | undefined>;
  return (language.value === 'en' && have[`${field}_en`]) || have[`${field}_zh`] || '';
}

/** A text that the API gives in both languages: {zh, en}. */
export function said(text: { zh: string; en: string } | null | undefined): string {
  return text ? (language.value === 'en' ? text.en || text.zh : text.zh) : '';
}
