// Words are data: a JSON file a dictionary and language beside src/words/NAME.ts, fetched when that language is in use.
import type { Dictionaries } from '@/words/dictionaries';
import { isLanguage, language, type Language } from './language';

type Value = string | number | null | undefined;

/** In a text, {0} is the first value, and {0:day|days} the first of two words when that value is 1, else the second. */
function fill(text: string, values: Value[]): string {
  return text.replace(/\{(\d)(?::(.*?)\|(.*?))?\}/g, (_, i: number, one?: string, more?: string) => {
    const value = String(values[i] ?? '');
    return one === undefined ? value : value === '1' ? one : more!;
  });
}

/** Texts with values become functions that take them. */
async function read(file: string): Promise<object> {
  const answer = await fetch(file);
  if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
  return JSON.parse(await answer.text(), (_, text: unknown) =>
    typeof text === 'string' && text.includes('{') ? (...values: Value[]) => fill(text, values) : text,
  ) as object;
}

interface Dictionary {
  files: Record<Language, string>;
  texts: Partial<Record<Language, object>>;
  reading: Partial<Record<Language, Promise<void>>>;
}
const dictionaries: Dictionary[] = [];

function load(dictionary: Dictionary, into: Language): Promise<void> {
  return (dictionary.reading[into] ??= read(dictionary.files[into]).then(
    (texts) => void (dictionary.texts[into] = texts),
    (error: unknown) => {
      delete dictionary.reading[into]; // asked for again, it is tried again
      throw error;
    },
  ));
}

/** A dictionary whose words follow the language. Pages open when it is there: wordsReady(). */
export function words<Name extends keyof Dictionaries>(files: Record<Language, string>): Dictionaries[Name] {
  const dictionary: Dictionary = { files, texts: {}, reading: {} };
  dictionaries.push(dictionary);
  load(dictionary, language.value).catch(() => undefined); // wordsReady() tells
  return new Proxy({} as Dictionaries[Name], {
    get: (_, key) => Reflect.get(dictionary.texts[language.value] ?? {}, key) as unknown,
  });
}

/** Waits for the words of all that is loaded. */
export async function wordsReady(into: Language = language.value): Promise<void> {
  await Promise.all(dictionaries.map((dictionary) => load(dictionary, into)));
}

/** The page turns to the language when its words are there. */
export async function setLanguage(to: unknown): Promise<void> {
  if (!isLanguage(to) || to === language.value) return;
  await wordsReady(to);
  language.value = to;
}
