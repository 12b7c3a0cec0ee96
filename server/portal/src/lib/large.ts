// 大字版: the root's font size, kept in this browser.
import { ref, watchEffect } from 'vue';

const STORE = 'rq-large';
export const isLarge = ref(localStorage.getItem(STORE) === '1');
export function setLarge(on: boolean): void {
  isLarge.value = on;
  localStorage.setItem(STORE, on ? '1' : '0');
}
watchEffect(() => document.documentElement.classList.toggle('large', isLarge.value));
