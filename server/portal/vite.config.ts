import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// The server beside `npm run dev`: where a demo or the browser tests' server listens.
const server = process.env.RONGQIAO ?? 'https://127.0.0.1:8443';

const shared: [string, RegExp][] = [
  ['charts', /\/src\/charts\/|\/node_modules\/(d3-|internmap)/],
  ['government', /\/src\/roles\/government\/(?!routes|pages)/],
  ['operator', /\/src\/roles\/operator\/(?!routes)/],
  ['forms', /\/src\/ui\/(\w*Input|Field|Form|Radios|Checkboxes|Combobox|FileUpload|FilterBar|ErrorSummary|MoveDialog|CaseActions)\.vue|\/src\/lib\/(form|codes)\.ts/],
  // What the first screen shows comes with it; the rest of the components when a page first needs one.
  ['ui', /\/src\/ui\/(Button|DataTable|Dialog|EmptyState|Icon|Loaded|MenuButton|Notice|PageHead|Panel|SlaBadge|StateTag|Tag|Toasts)\.vue/],
  ['parts', /\/src\/ui\//],
  ['vue', /\/node_modules\//],
  // The pages of lenders share most of what they are made of; packed together they take two thirds.
  ['lenders', /\/src\/(roles|words)\/(bank|guarantee|insurer)[/.]/],
];

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: 'false' },
  build: {
    target: 'es2022',
    outDir: process.env.PORTAL_OUT ?? 'dist',
    emptyOutDir: true,
    manifest: true, // read by the test of the size
    cssCodeSplit: false,
    assetsInlineLimit: 0, // the CSP has no data:
    modulePreload: { polyfill: false }, // would be an inline script
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        // A few chunks that many pages share, and one a page: few requests, each cached for long.
        onlyExplicitManualChunks: true,
        manualChunks: (id) => shared.find(([, pattern]) => pattern.test(id))?.[0],
      },
    },
  },
  server: {
    port: 5173,
    strictPort: true,
    // The server takes a browser's changes from its own origin only.
    proxy: { '/v1': { target: server, secure: false, changeOrigin: true, headers: { origin: server } } },
  },
});
