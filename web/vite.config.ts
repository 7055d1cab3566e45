import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds the API. */
const api = process.env.CLARITY_API ?? 'http://localhost:8080';

/** What the frame and the overview draw; all other icons are a file of their own. */
const firstIcons = [
  'activity',
  'arrow-down-right',
  'arrow-right',
  'arrow-up-right',
  'cable',
  'check',
  'chevrons-up-down',
  'circle-exclamation-point',
  'circle-dashed',
  'circle-x',
  'clock-3',
  'cpu',
  'database-zap',
  'ellipsis',
  'gauge',
  'key-round',
  'loader-circle',
  'log-out',
  'moon',
  'octagon-x',
  'pause',
  'plug-zap',
  'power-off',
  'scroll-text',
  'search',
  'settings',
  'sliders-horizontal',
  'sun',
  'tags',
  'user',
  'users',
  'workflow',
].join('|');

/** Of the libraries, what the frame and the overview do without until something is changed, listed or left. */
const later = 'mutationObserver|useMutation|infiniteQueryObserver|useInfiniteQuery|useBlocker';

const lucide = 'node_modules/lucide-react/dist/esm';
const sharedSources =
  /src\/(?:api\/(?!members|sessions|executions|workflows|connections|jsonText|newKey|deadLetters|events|extras|sources|devices|series)|live|ui\/(?!CodeArea|Confirm|CopyLine|Facts|download|Filters|Listing|Plot|Json|Dialog|Field|Segmented|Logo|Expandable|NotRefreshed|TimeChart|align|Table))/;

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
              test: new RegExp(
                `node_modules/(?:react|react-dom|scheduler|use-sync-external-store|@tanstack)/(?!.*(?:${later})\\.)`,
              ),
              includeDependenciesRecursively: false,
            },
            // What every signed-in page shares, as one file: many small ones compress worse.
            {
              name: 'shared',
              test: new RegExp(
                `${sharedSources.source}|${lucide}/(?:[^/]+|shared/.*|icons/(?:${firstIcons})\\.m?js)$`,
              ),
              includeDependenciesRecursively: false,
            },
            {
              name: 'icons',
              test: /node_modules\/lucide-react\//,
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
