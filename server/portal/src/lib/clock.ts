// One clock for everything that counts down; it ticks every half minute while something looks at it.
import { onScopeDispose, ref, type Ref } from 'vue';

const TICK_MS = 30_000;
const now = ref(Date.now());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

export function useNow(): Ref<number> {
  now.value = Date.now();
  if (watchers++ === 0) timer = setInterval(() => (now.value = Date.now()), TICK_MS);
  onScopeDispose(() => {
    if (--watchers === 0) clearInterval(timer);
  });
  return now;
}
