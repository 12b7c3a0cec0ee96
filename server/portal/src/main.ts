import '@/styles/tokens.css';
import '@/styles/base.css';
import '@/styles/forms.css';
import '@/styles/print.css';
import { createApp } from 'vue';
import App from './App.vue';
import { wordsReady } from './lib/words';
import { router } from './router';

const app = createApp(App).use(router); // which asks who is signed in, while the words come
void wordsReady().then(() => app.mount('#app'));
