import { cleanup, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { me, onPhone, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('tells on a phone too how the last execution ended', async () => {
  await onPhone(async () => {
    openApp('/app/workflows', {
      '/v1/me': { ...me, permissions: ['executions.read', 'workflows.read'] },
      '/v1/workflows': page({
        id: 'w1',
        name: 'Order to ERP',
        enabled: true,
        published_version: 1,
        unpublished_changes: false,
        updated_at: '2026-11-20T09:00:00Z',
      }),
      '/v1/executions': page({
        id: 'e1',
        workflow_id: 'w1',
        status: 'failed',
        waiting_for: null,
        outcome: 'http_503',
        created_at: '2026-11-20T10:00:00Z',
      }),
    });
    expect(
      await screen.findByRole('link', { name: /Order to ERP.*Last execution.*Failed.*http_503/ }),
    ).toBeTruthy();
  });
});
