// The areas of the portal, one a side of the market. Each has a routes.ts, loaded when somebody of it is signed in.
import { shallowRef } from 'vue';
import type { RouteRecordRaw } from 'vue-router';
import type { Area } from '@/api/session';
import { wordsReady } from '@/lib/words';
import { router } from '@/router';

export interface NavigationItem {
  /** A function, so that it follows the language. */
  label: () => string;
  to: string;
}
export interface AreaRoutes {
  navigation: NavigationItem[];
  routes: RouteRecordRaw[];
}

const areas: Record<Area, () => Promise<{ default: AreaRoutes }>> = {
  enterprise: () => import('./enterprise/routes'),
  bank: () => import('./bank/routes'),
  guarantee: () => import('./guarantee/routes'),
  insurer: () => import('./insurer/routes'),
  government: () => import('./government/routes'),
  operator: () => import('./operator/routes'),
};

export const navigation = shallowRef<NavigationItem[]>([]);
let opened: Area | undefined;

/** Adds the area's routes; false when they are there already. */
export async function openArea(area: Area): Promise<boolean> {
  if (opened === area) return false;
  const { default: found } = await areas[area]();
  for (const route of found.routes) router.addRoute(route);
  await wordsReady();
  navigation.value = found.navigation;
  opened = area;
  return true;
}
