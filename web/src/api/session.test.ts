import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchInSession, onSessionEnd } from './session';

/** The API as a list of answers; what was asked is kept. */
function answering(answer: (url: string, asked: string[]) => number) {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (input: Request | string) => {
    const url = new URL(typeof input === 'string' ? input : input.url, location.origin).pathname;
    asked.push(url);
    return new Response('{}', { status: answer(url, asked) });
  });
  return asked;
}

const request = (path = '/v1/me') => new Request(new URL(path, 'http://localhost:3000'));

describe('fetchInSession', () => {
  beforeEach(() => localStorage.clear());
  afterEach(() => vi.unstubAllGlobals());

  it('renews an expired session once and repeats the request', async () => {
    const asked = answering((url, all) =>
      url === '/v1/me' && !all.includes('/v1/auth/refresh') ? 401 : 200,
    );
    expect((await fetchInSession(request())).status).toBe(200);
    expect(asked).toEqual(['/v1/me', '/v1/auth/refresh', '/v1/me']);
  });

  it('renews once for requests that are refused together', async () => {
    const asked = answering((url, all) =>
      url !== '/v1/auth/refresh' && !all.includes('/v1/auth/refresh') ? 401 : 200,
    );
    await Promise.all([fetchInSession(request('/v1/a')), fetchInSession(request('/v1/b'))]);
    expect(asked.filter((url) => url === '/v1/auth/refresh')).toHaveLength(1);
  });

  it('does not use a refresh token again that another tab has just used', async () => {
    const asked = answering((_, all) => {
      localStorage.setItem('clarity.refreshed_at', String(Date.now() + 1));
      return all.length === 1 ? 401 : 200;
    });
    expect((await fetchInSession(request())).status).toBe(200);
    expect(asked).toEqual(['/v1/me', '/v1/me']);
  });

  it('tells that the session has ended when it cannot be renewed', async () => {
    answering(() => 401);
    const ended = vi.fn();
    const stop = onSessionEnd(ended);
    expect((await fetchInSession(request())).status).toBe(401);
    expect(ended).toHaveBeenCalledOnce();
    stop();
  });

  it('keeps the session when the server is too busy to renew it', async () => {
    answering((url) => (url === '/v1/auth/refresh' ? 503 : 401));
    const ended = vi.fn();
    const stop = onSessionEnd(ended);
    await expect(fetchInSession(request())).rejects.toThrow('503');
    expect(ended).not.toHaveBeenCalled();
    stop();
  });

  it('renews although another renewal seems to lie in the future', async () => {
    localStorage.setItem('clarity.refreshed_at', String(Date.now() + 3_600_000));
    const asked = answering((url, all) =>
      url === '/v1/me' && !all.includes('/v1/auth/refresh') ? 401 : 200,
    );
    expect((await fetchInSession(request())).status).toBe(200);
    expect(asked).toContain('/v1/auth/refresh');
  });

  it('leaves a refused sign-in alone', async () => {
    const asked = answering(() => 401);
    await fetchInSession(request('/v1/auth/login'));
    expect(asked).toEqual(['/v1/auth/login']);
  });
});
