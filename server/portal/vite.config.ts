import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';
import { compact, compilerOptions } from './scripts/compact.mjs';

// The server beside `npm run dev`: where a demo or the browser tests' server listens.
const server = process.env.RONGQIAO ?? 'https://127.0.0.1:8443';

// A chunk is what is needed together. Brotli sees no further than a file: a chunk an area takes half of one a page.
const chunks: [string, RegExp][] = [
  ['region', /\/src\/(roles|words)\/(government|operator)[/.]/],
  ['lenders', /\/src\/(roles|words)\/(bank|guarantee|insurer)[/.]/],
  ['core', /\/src\/(roles\/enterprise\/(routes|Home|Unregistered)|words\/enterprise)\./],
  ['enterprise', /\/src\/(roles\/enterprise\/|words\/enterprise_)/],
  // What the first screen shows comes with it; forms, charts and the rest of the components when a page first needs one.
  ['core', /\/src\/ui\/(Button|DataTable|Dialog|EmptyState|Icon|Loaded|MenuButton|Notice|PageHead|Panel|SlaBadge|StateTag|Tag|Toasts)\.vue/],
  ['parts', /\/src\/(charts|ui|words\/moves|shell\/(Codes|NotFound|Renewal|Search|SignIn))|\/src\/lib\/(form|codes|cases)\.ts/],
  ['core', /./],
];

export default defineConfig({
  plugins: [vue({ template: { compilerOptions } }), compact],
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
    minify: 'terser', // its output is a twentieth smaller than esbuild's
    terserOptions: { module: true, ecma: 2020, compress: { passes: 2, inline: 1, pure_getters: true, keep_fargs: false }, format: { comments: false } },
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        freeze: false,
        generatedCode: { preset: 'es2015', symbols: false },
        onlyExplicitManualChunks: true,
        manualChunks: (id) => chunks.find(([, pattern]) => pattern.test(id))?.[0],
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
