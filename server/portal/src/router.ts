// Pages by path. The shell's own are here; a role's come with its area, loaded once it is known who is signed in.
import { nextTick, watch } from 'vue';
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router';
import { area, loadSession, mustEnrol, user } from '@/api/session';
import { language } from '@/lib/language';
import { setLanguage, wordsReady } from '@/lib/words';
import { openArea } from '@/roles';

const routes: RouteRecordRaw[] = [
  { path: '/sign-in', component: () => import('@/shell/SignIn.vue'), meta: { open: true } },
  { path: '/one-time-codes', component: () => import('@/shell/Codes.vue') },
  { path: '/search', component: () => import('@/shell/Search.vue') },
  { path: '/:rest(.*)*', component: () => import('@/shell/NotFound.vue'), meta: { missing: true } },
];

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
});

router.beforeEach(async (to) => {
  await Promise.all([setLanguage(to.query.l), loadSession()]);
  if (!user.value) return to.meta.open ? true : { path: '/sign-in', query: { to: to.fullPath } };
  if (to.path === '/sign-in') return '/';
  if (mustEnrol.value && to.path !== '/one-time-codes') return '/one-time-codes';
  if (area.value && (await openArea(area.value))) return to.fullPath; // its routes are there now
  return true;
});

/** Whoever must enrol for one-time codes can do nothing else before. */
watch(mustEnrol, (must) => must && void router.replace('/one-time-codes'));

/** Every address names its language, unless it is Chinese. */
router.beforeEach((to) => {
  if (language.value === 'en' && to.query.l !== 'en') return { ...to, query: { ...to.query, l: 'en' }, replace: true };
  if (language.value === 'zh' && to.query.l) return { ...to, query: { ...to.query, l: undefined }, replace: true };
  return true;
});

router.beforeResolve(() => wordsReady());

/** The heading of the new page takes the focus, once it is there. */
router.afterEach(async (to, from, failure) => {
  if (failure || to.path === from.path || from.matched.length === 0) return;
  await nextTick();
  const heading = () => document.querySelector<HTMLElement>('#main h1');
  const found = heading();
  if (found) return found.focus();
  const observer = new MutationObserver(() => {
    const late = heading();
    if (!late) return;
    observer.disconnect();
    late.focus();
  });
  observer.observe(document.getElementById('main') ?? document.body, { childList: true, subtree: true });
  const stop = watch(router.currentRoute, () => {
    observer.disconnect();
    stop();
  });
});
