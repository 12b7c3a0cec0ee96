// Who is signed in. The session is a cookie that scripts cannot read; what the page keeps of it is the CSRF token, in
// memory. A mark in localStorage tells whether asking for the session is worth a request.
import { computed, ref, shallowRef } from 'vue';
import { api, attachSession, done } from './client';
import type { Institution, Role, User } from './documents';
import { ProblemError } from './problem';

export type Area = 'enterprise' | 'bank' | 'guarantee' | 'insurer' | 'government' | 'operator';

const MARK = 'rq-signed-in';

export const user = shallowRef<User | null>(null);
export const institution = shallowRef<Institution | null>(null);
/** Set while a session that ended asks for its password again, over whatever is on screen. */
export const renewal = shallowRef<{ answer(signedIn: boolean): void } | null>(null);
/** When the session ends unless it is used before; null: not known. */
export const endsAt = ref<number | null>(null);
/** The server says that nothing goes on before one-time codes are set up. */
export const mustEnrol = ref(false);
/** It ends within three minutes. */
export const isEnding = ref(false);

let csrf: string | undefined;
let hardEnd: number | null = null;
let idleSeconds: number | null = null;

export const has = (...roles: Role[]): boolean => roles.some((role) => user.value?.roles.includes(role));

export const area = computed<Area | null>(() => {
  switch (user.value?.side) {
    case 'enterprise':
      return 'enterprise';
    case 'institution':
      if (has('guarantee_reviewer', 'guarantee_checker')) return 'guarantee';
      return institution.value?.kind === 'insurer' ? 'insurer' : 'bank';
    case 'authority':
      return 'government';
    case 'operator':
    case 'auditor':
      return 'operator';
    default:
      return null;
  }
});

/** Tabs of one browser share the session: they hear of its beginning and end. */
const tabs = new BroadcastChannel('rq-session');

const WARN_MS = 3 * 60_000;
let warning: ReturnType<typeof setTimeout> | undefined;

function used(): void {
  const idleEnd = idleSeconds === null ? null : Date.now() + idleSeconds * 1000;
  endsAt.value = idleEnd !== null && hardEnd !== null ? Math.min(idleEnd, hardEnd) : (idleEnd ?? hardEnd);
  isEnding.value = false;
  clearTimeout(warning);
  if (endsAt.value !== null) warning = setTimeout(() => (isEnding.value = true), endsAt.value - WARN_MS - Date.now());
}

function forget(): void {
  localStorage.removeItem(MARK);
  user.value = null;
  institution.value = null;
  mustEnrol.value = false;
  csrf = undefined;
  endsAt.value = hardEnd = idleSeconds = null;
  isEnding.value = false;
  clearTimeout(warning);
}

async function readCurrent(): Promise<void> {
  const current = await done(api.GET('/v1/sessions/current'));
  institution.value = current.institution_id
    ? await done(api.GET('/v1/institutions/{id}', { params: { path: { id: current.institution_id } } }))
    : null;
  csrf = current.csrf ?? csrf;
  hardEnd = current.expires_at ? Date.parse(current.expires_at) : hardEnd;
  idleSeconds = current.idle_seconds ?? null;
  user.value = current;
  localStorage.setItem(MARK, '1');
  used();
}

let loading: Promise<void> | undefined;
/** Asks once who the browser's cookie is. */
export function loadSession(): Promise<void> {
  loading ??= (async () => {
    if (!localStorage.getItem(MARK)) return;
    try {
      await readCurrent();
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problem.status !== 401) throw error;
      forget();
    }
  })().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Whether the server wants the one-time code, or another one. */
export const wantsCode = (error: unknown): boolean =>
  error instanceof ProblemError && ['totp_required', 'totp_wrong'].includes(error.code);

export async function signIn(login: string, password: string, totp?: string): Promise<void> {
  const before = user.value?.id;
  const session = await done(api.POST('/v1/sessions', { body: { login, password, ...(totp ? { totp } : {}), cookie: true } }));
  csrf = session.csrf;
  hardEnd = Date.parse(session.expires_at);
  await readCurrent();
  tabs.postMessage({ user: session.user_id });
  if (renewal.value) {
    if (before !== undefined && before !== session.user_id) location.assign('/');
    renewal.value.answer(true);
    renewal.value = null;
  }
}

export async function signOut(): Promise<void> {
  try {
    await done(api.DELETE('/v1/sessions/current'));
  } finally {
    forget();
    tabs.postMessage({ user: null });
    location.assign('/sign-in');
  }
}

/** Uses the session, so that it lives on. */
export async function extendSession(): Promise<void> {
  await readCurrent();
}

tabs.onmessage = ({ data }: MessageEvent<{ user: string | null }>) => {
  if (data.user === null && user.value) {
    forget();
    location.assign('/sign-in');
  } else if (data.user !== null && user.value && data.user !== user.value.id) {
    location.assign('/'); // somebody else signed in: what this tab shows is no longer theirs
  } else if (data.user !== null && renewal.value) {
    // the same user signed in again in another tab; its cookie is this tab's too
    void readCurrent().then(() => {
      renewal.value?.answer(true);
      renewal.value = null;
    });
  }
};

let renewing: Promise<boolean> | undefined;
attachSession({
  csrf: () => (user.value ? (csrf ?? '') : undefined),
  used,
  enrol() {
    mustEnrol.value = true;
  },
  renew() {
    renewing ??= new Promise<boolean>((resolve) => {
      renewal.value = { answer: resolve };
    }).finally(() => {
      renewing = undefined;
    });
    return renewing;
  },
});
