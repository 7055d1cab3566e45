import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds the API. */
const api = process.env.CLARITY_API ?? 'http://localhost:8080';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    manifest: true,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // Changes only with its versions, so a browser keeps it over releases.
            {
              name: 'vendor',
              test: /node_modules\/(react|react-dom|scheduler|use-sync-external-store|@tanstack)\//,
              includeDependenciesRecursively: false,
            },
            // What every signed-in page shares, as one file: many small ones compress worse.
            {
              name: 'shared',
              test: /src\/(api\/(?!members|sessions|executions|connections)|live|ui\/(?!Filters|Listing|Plot|Json|Dialog|Field|Segmented|Logo|Expandable|NotRefreshed|TimeChart|align|Table))|node_modules\/lucide-react\//,
              includeDependenciesRecursively: false,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { '/v1': api, '/.well-known': api } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    testTimeout: 30_000,
  },
});
