// Single-key shortcuts: only while no field has the focus and no dialog is open, and the user may switch them off.
import { onScopeDispose, ref } from 'vue';

const STORE = 'rq-keys-off';
export const keysOn = ref(!localStorage.getItem(STORE));
export function setKeys(on: boolean): void {
  keysOn.value = on;
  if (on) localStorage.removeItem(STORE);
  else localStorage.setItem(STORE, '1');
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function useKeys(keys: Record<string, () => void>): void {
  const onKey = (event: KeyboardEvent) => {
    const action = keys[event.key];
    if (!action || !keysOn.value || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    action();
  };
  addEventListener('keydown', onKey);
  onScopeDispose(() => removeEventListener('keydown', onKey));
}

export function useQueueKeys(queue: { move(step: number): void; open(): void; act(): void }): void {
  useKeys({ j: () => queue.move(1), k: () => queue.move(-1), o: queue.open, a: queue.act });
}
