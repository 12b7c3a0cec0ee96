// Short messages at the foot of the page, also read out. What matters is said on the page itself, never only here.
import { reactive } from 'vue';

export interface Toast {
  id: number;
  text: string;
  tone: 'good' | 'bad' | 'plain';
}
export const toasts = reactive<Toast[]>([]);
let count = 0;

export function toast(text: string, tone: Toast['tone'] = 'good'): void {
  const id = ++count;
  toasts.push({ id, text, tone });
  setTimeout(() => dismiss(id), 8000);
}
export function dismiss(id: number): void {
  const at = toasts.findIndex((t) => t.id === id);
  if (at >= 0) toasts.splice(at, 1);
}
