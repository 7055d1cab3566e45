import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
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

it('imports a second workflow of a name only if that is meant', async () => {
  openApp('/app/workflows', {
    '/v1/me': { ...me, permissions: ['workflows.read', 'workflows.write'] },
    '/v1/workflows/import': Response.json(
      { type: 'x', title: 'Taken', status: 409, code: 'name_taken', instance: '', remedy: '' },
      { status: 409 },
    ),
  });
  const asked: string[] = [];
  const answer = globalThis.fetch;
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push(`${request.method} ${request.url}`);
    return answer(request);
  });
  await userEvent.click((await screen.findAllByRole('button', { name: 'Import' }))[0] as Element);
  const dialog = within(await screen.findByRole('dialog', { name: 'Import a workflow' }));
  await userEvent.type(dialog.getByLabelText('Or the document itself'), '{{}');
  await userEvent.click(dialog.getByRole('button', { name: 'Import' }));
  expect(await dialog.findByText(/of this name is there already/)).toBeTruthy();
  await userEvent.click(dialog.getByRole('button', { name: 'Import a second one' }));
  expect(
    asked.filter((each) => each.startsWith('POST')).map((each) => each.split('/v1/')[1]),
  ).toEqual(['workflows/import', 'workflows/import?same_name=true']);
});
