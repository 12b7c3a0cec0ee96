// The typed client. `await done(api.GET('/v1/needs/{id}', {params: {path: {id}}}))` gives the document or throws a
// ProblemError. It sends the language, the CSRF token and the idempotency key; it tries again, under the same key,
// what may not have arrived; and it waits for a new sign-in when the session has ended.
import type { Client } from 'openapi-fetch';
import { computed, ref } from 'vue';
import { saveText } from '@/lib/csv';
import { language } from '@/lib/language';
import { problemOf } from './problem';
import type { paths } from './schema';

/** What the session gives to each request, and what it must do for it. */
interface SessionHooks {
  csrf(): string | undefined;
  /** An answer came: the session was used now. */
  used(): void;
  /** Nothing goes on before one-time codes are set up. */
  enrol(): void;
  /** Resolves to true when somebody signed in again. */
  renew(): Promise<boolean>;
}
let session: SessionHooks = { csrf: () => undefined, used() {}, enrol() {}, renew: () => Promise.resolve(false) };
export function attachSession(hooks: SessionHooks): void {
  session = hooks;
}

const pending = ref(0);
export const isBusy = computed(() => pending.value > 0);

const TRIES = 3;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function isRepeatable(request: Request): boolean {
  return request.method === 'GET' || request.headers.has('Idempotency-Key');
}

async function once(request: Request): Promise<Response> {
  const token = request.method === 'GET' ? undefined : session.csrf();
  if (token) request.headers.set('X-CSRF-Token', token);
  return fetch(request);
}

/** Network failures and 503 are tried again; 401 waits for the user. */
async function insistently(request: Request): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const last = attempt === TRIES || !isRepeatable(request);
    let response: Response;
    try {
      response = await once(last ? request : request.clone());
    } catch (error) {
      if (last || request.signal.aborted) throw error;
      await pause(300 * attempt);
      continue;
    }
    if (response.status !== 503 || last) return response;
    await pause(500 * attempt);
  }
}

async function codeOf(response: Response): Promise<string | undefined> {
  const problem = (await response
    .clone()
    .json()
    .catch(() => null)) as { code?: string } | null;
  return problem?.code;
}

async function send(request: Request): Promise<Response> {
  const signingIn = request.method === 'POST' && new URL(request.url).pathname === '/v1/sessions';
  const spare = signingIn ? request : request.clone();
  pending.value++;
  try {
    const response = await insistently(request);
    if (response.status === 401 && !signingIn && session.csrf() !== undefined)
      return (await session.renew()) ? await insistently(spare) : response;
    if (response.ok) session.used();
    if (response.status === 403 && (await codeOf(response)) === 'totp_enrolment_required') session.enrol();
    return response;
  } finally {
    pending.value--;
  }
}

/** Called with the id of a document that somebody else has changed since it was read; they answer when it is read again. */
export const whenStale = new Set<(id: string | undefined) => Promise<void> | undefined>();

interface Asked {
  params?: { path?: Record<string, string>; query?: Record<string, unknown> };
  body?: unknown;
  bodySerializer?: (body: unknown) => string;
  headers?: Record<string, string>;
  parseAs?: 'blob';
}
async function ask(method: string, path: string, { params, body, bodySerializer = JSON.stringify, headers, parseAs }: Asked = {}) {
  const url = new URL(path.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(params?.path?.[name] ?? '')), location.origin);
  for (const [name, value] of Object.entries(params?.query ?? {})) if (value != null) url.searchParams.set(name, String(value));
  const hasBody = body !== undefined;
  const response = await send(
    new Request(url, {
      method,
      body: hasBody ? bodySerializer(body) : undefined,
      headers: {
        'Accept-Language': language.value,
        ...(hasBody && { 'Content-Type': 'application/json' }),
        ...(method === 'POST' && { 'Idempotency-Key': crypto.randomUUID() }),
        ...headers,
      },
    }),
  );
  if (response.status === 412) await Promise.all([...whenStale].map((read) => read(params?.path?.id)));
  if (!response.ok) return { error: (await response.json().catch(() => null)) as unknown, response };
  return { data: parseAs ? await response.blob() : response.status === 204 ? undefined : ((await response.json()) as unknown), response };
}

/** A function a method; of openapi-fetch only the types, which say what each path takes and gives. */
export const api = Object.fromEntries(
  ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [method, (path: string, asked?: Asked) => ask(method, path, asked)]),
) as unknown as Pick<Client<paths>, 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'>;

/** The document of an answer; anything else is thrown as a ProblemError. */
export async function done<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let settled;
  try {
    settled = await answer;
  } catch (error) {
    throw problemOf(error);
  }
  if (!settled.response.ok) throw problemOf(settled.error, settled.response.status);
  return settled.data as T;
}

/** For what changes a document that was read: refused with 412, and read again, when somebody else changed it meanwhile. */
export function ifMatch(document: { version: number }): Record<string, string> {
  return { 'If-Match': `"${document.version}"` };
}

/**
 * A list with the filters of its URL as the server's CSV, handed to the browser as a file. The server ends a sheet at so
 * many rows: what is left is asked for and joined, without its heading; `read` hears how many rows are there.
 */
export async function download(path: string, query: Record<string, string>, name: string, read?: (rows: number) => void): Promise<void> {
  let text = '';
  let rows = 0;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const url: string = `${path}?${new URLSearchParams(cursor ? { ...query, cursor } : query)}`;
    const response = await send(
      new Request(url, { headers: { Accept: 'text/csv', 'Accept-Language': language.value } }),
    ).catch((error: unknown) => Promise.reject(problemOf(error)));
    if (!response.ok) throw problemOf(await response.json().catch(() => null), response.status);
    const sheet = await response.text(); // which takes the mark of UTF-8 away
    text += text ? sheet.slice(sheet.indexOf('\n') + 1) : sheet;
    read?.((rows += sheet.split('\n').length - 2));
    cursor = response.headers.get('X-Next-Cursor');
  }
  saveText(name, text);
}
