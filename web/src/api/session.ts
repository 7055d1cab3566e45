/**
 * The cookie session. The access cookie lives ten minutes; the refresh cookie rotates, and using a
 * rotated one again ends the whole session. So one refresh runs at a time, across all tabs.
 */
const refreshedAtKey = 'clarity.refreshed_at';
const clockSkewMs = 1_000;

/** Tells the API that a page of its own asks, which a foreign form cannot. */
export const requestHeaders = { 'X-Clarity-Request': '1' } as const;

const sessionKey = 'clarity.session';

/** Remembers that this browser has signed in; the cookies themselves cannot be read by scripts. */
export function noteSession(present: boolean): void {
  try {
    if (present) localStorage.setItem(sessionKey, '1');
    else localStorage.removeItem(sessionKey);
  } catch {
    // Without storage the home page shows its sign-in links to everybody.
  }
}

export function hadSession(): boolean {
  try {
    return localStorage.getItem(sessionKey) !== null;
  } catch {
    return false;
  }
}

const workspaceKey = 'clarity.workspace';

/** Tells the other tabs which workspace the cookie that all of them share is of now. */
export function noteWorkspace(organizationId: string): void {
  try {
    localStorage.setItem(workspaceKey, organizationId);
  } catch {
    // Without storage the tabs cannot tell each other.
  }
}

/** Called when another tab went on in another workspace than this one shows. */
export function onOtherWorkspace(shown: string, listener: () => void): () => void {
  const told = ({ key, newValue }: StorageEvent) => {
    if (key === workspaceKey && newValue && newValue !== shown) listener();
  };
  window.addEventListener('storage', told);
  return () => window.removeEventListener('storage', told);
}

let inFlight: Promise<boolean> | null = null;
const endListeners = new Set<() => void>();

/** Called when a request was refused and the session could not be renewed. */
export function onSessionEnd(listener: () => void): () => void {
  endListeners.add(listener);
  return () => endListeners.delete(listener);
}

function lastRefresh(): number {
  try {
    const at = Number(localStorage.getItem(refreshedAtKey) ?? 0);
    // A clock that was set back since would have every session look renewed.
    return at <= Date.now() + clockSkewMs ? at : 0;
  } catch {
    return 0;
  }
}

async function refreshNow(askedAt: number): Promise<boolean> {
  // Another tab renewed the shared cookies while this one waited for its turn.
  if (lastRefresh() >= askedAt) return true;
  const response = await fetch('/v1/auth/refresh', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { ...requestHeaders, 'Content-Type': 'application/json' },
    body: '{}',
  });
  if (response.status === 401 || response.status === 403) return false;
  // A server that restarts or is busy has not ended the session.
  if (!response.ok) throw new Error(`the session could not be renewed: ${response.status}`);
  try {
    localStorage.setItem(refreshedAtKey, String(Date.now()));
  } catch {
    // Without storage the tabs cannot tell each other; each then renews by itself.
  }
  return true;
}

/** Renews the session; `askedAt` is when the refused request was sent. */
export function refresh(askedAt: number): Promise<boolean> {
  inFlight ??= (
    navigator.locks
      ? navigator.locks.request('clarity.refresh', () => refreshNow(askedAt))
      : refreshNow(askedAt)
  ).finally(() => {
    inFlight = null;
  });
  return inFlight;
}

/** `fetch` that renews an expired session once and repeats the request. */
export async function fetchInSession(request: Request): Promise<Response> {
  const askedAt = Date.now();
  const again = request.clone();
  const response = await fetch(request);
  if (response.status !== 401 || new URL(request.url).pathname.startsWith('/v1/auth/')) {
    return response;
  }
  if (await refresh(askedAt)) {
    const second = await fetch(again);
    if (second.status !== 401) return second;
  }
  noteSession(false);
  for (const listener of endListeners) listener();
  return response;
}
