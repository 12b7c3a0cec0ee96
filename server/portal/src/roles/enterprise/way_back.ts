// Pages that were opened to tell something for another page: where they lead back, and the match that is made again there.
import { computed, type ComputedRef } from 'vue';
import { useRoute } from 'vue-router';
import { api, done } from '@/api/client';

export interface WayBack {
  to: ComputedRef<string>;
  /** The need whose matches it came from. */
  need: ComputedRef<string | undefined>;
  matchAgain(): Promise<void>;
}

export function useWayBack(otherwise: string): WayBack {
  const route = useRoute();
  // A page of this portal only.
  const to = computed(() => (typeof route.query.to === 'string' && /^\/[^/\\]/.test(route.query.to) ? route.query.to : otherwise));
  const need = computed(() => /^\/needs\/([0-9a-f-]{36})\/matches/.exec(to.value)?.[1]);
  return {
    to,
    need,
    async matchAgain() {
      if (need.value) await done(api.POST('/v1/needs/{id}/matches', { params: { path: { id: need.value } } }));
    },
  };
}
