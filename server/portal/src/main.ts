import '@/styles/tokens.css';
import '@/styles/base.css';
import '@/styles/forms.css';
import '@/styles/print.css';
import { createApp } from 'vue';
import App from './App.vue';
import { wordsReady } from './lib/words';
import { router } from './router';

/** Says what index.html has to say of a portal that does not open, in both languages, with a way to try again. */
const fail = () => document.body.classList.add('failed');

// After an update the page in this tab names files that are gone: the address itself has the new ones.
router.onError((_, to, from) => (from.matched.length ? location.assign(to.fullPath) : fail()));
const app = createApp(App).use(router); // which asks who is signed in, while the words come
wordsReady().then(() => app.mount('#app'), fail);
