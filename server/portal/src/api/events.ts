// Live notifications over one connection a browser: the tab that holds the lock "rq-events" has the EventSource and
// tells the other tabs. A new leader goes on after the last event that any tab saw.
import { onScopeDispose, ref } from 'vue';
import { api, done } from './client';
import type { Notification } from './documents';
import { user } from './session';

export const unread = ref(0);

type Listener = (notification: Notification) => void;
const listeners = new Set<Listener>();
const channel = new BroadcastChannel('rq-events');
let last = 0;

function hear(notification: Notification): void {
  if (notification.id <= last) return;
  last = notification.id;
  if (!notification.read) unread.value++;
  for (const listener of listeners) listener(notification);
}

channel.onmessage = ({ data }: MessageEvent<Notification | { unread: number }>) => {
  if ('unread' in data) unread.value = data.unread;
  else hear(data);
};

const RETRY_MS = 30_000;

/** Leads until the connection is refused for good (the session ended); a broken one comes back by itself. */
function lead(): Promise<void> {
  return new Promise((resolve) => {
    const source = new EventSource(last ? `/v1/events?after=${last}` : '/v1/events');
    source.addEventListener('notification', (event: MessageEvent<string>) => {
      const notification = JSON.parse(event.data) as Notification;
      hear(notification);
      channel.postMessage(notification);
    });
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) resolve();
    };
    addEventListener('pagehide', () => source.close());
  });
}

let counting: Promise<void> | undefined;
/** What is unread, and after which event to go on; asked once, again when it failed. */
function count(): Promise<void> {
  return (counting ??= done(api.GET('/v1/notifications', { params: { query: { limit: 1 } } })).then(
    (page) => {
      unread.value = page.unread;
      last = Math.max(last, page.items[0]?.id ?? 0);
    },
    (error: unknown) => {
      counting = undefined;
      throw error;
    },
  ));
}

let started = false;
/** Begins to listen; called by the shell once somebody is signed in. */
export async function startEvents(): Promise<void> {
  if (!started) {
    started = true;
    void navigator.locks.request('rq-events', async () => {
      for (;;) {
        if (user.value) await count().then(lead, () => undefined);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    });
  }
  await count();
}

/** Marks what is known as read, from this one back and whatever came since. */
export async function markRead(upTo: number): Promise<void> {
  const marked = await done(api.POST('/v1/notifications/read', { body: { up_to: Math.max(upTo, last) } }));
  unread.value = marked.unread;
  channel.postMessage({ unread: marked.unread });
}

/** Calls back for each notification while the component lives. */
export function onNotification(listener: Listener): void {
  listeners.add(listener);
  onScopeDispose(() => listeners.delete(listener));
}
