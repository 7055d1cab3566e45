import type { LiveHello, LiveMetrics, LiveSource } from './messages';

/**
 * The one event stream of a page. It is `connecting` until the first message, then `live`; on any
 * failure `broken` until an attempt succeeds. Attempts back off from 1 s to 30 s; coming back to the
 * network or the page tries at once. A stream that misses three heartbeats counts as failed, since a
 * dead network path may never say so.
 */
export type LiveState =
  | { kind: 'connecting' }
  | { kind: 'live' }
  | { kind: 'broken'; since: number; retryAt: number | null };

export type LiveHandlers = {
  onMetrics: (message: LiveMetrics) => void;
  onSource: (message: LiveSource) => void;
  /** The stream is back, or something else is shown of a source: all has to be asked for anew. */
  onReadAgain: () => void;
};

export type LiveParts = {
  open: (url: string) => EventSource;
  /** Renews the session where that is why the stream ended; false when there is none any more. */
  checkSession: () => Promise<boolean>;
  random: () => number;
};

const url = '/v1/live';
const backoffMs = [1000, 2000, 4000, 8000, 15_000, 30_000];

export class LiveConnection {
  private source: EventSource | null = null;
  private state: LiveState = { kind: 'connecting' };
  private attempts = 0;
  private heartbeatMs = 5000;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  private stopped = true;
  /** Grows with each attempt, so that an answer to an earlier one is not taken for this one's. */
  private generation = 0;

  constructor(
    private readonly handlers: LiveHandlers,
    private readonly parts: LiveParts,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): LiveState => this.state;

  start(): void {
    this.stopped = false;
    globalThis.addEventListener('online', this.retryNow);
    document.addEventListener('visibilitychange', this.onVisible);
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    globalThis.removeEventListener('online', this.retryNow);
    document.removeEventListener('visibilitychange', this.onVisible);
    clearTimeout(this.retryTimer);
    this.drop();
  }

  readonly retryNow = (): void => {
    if (this.stopped || this.state.kind !== 'broken' || this.state.retryAt === null) return;
    clearTimeout(this.retryTimer);
    void this.reconnect();
  };

  private readonly onVisible = (): void => {
    if (document.visibilityState === 'visible') this.retryNow();
  };

  private connect(): void {
    this.drop();
    const source = this.parts.open(url);
    this.source = source;
    const on = <T>(name: string, handle: (message: T) => void) =>
      source.addEventListener(name, (event) => {
        if (this.source !== source) return;
        this.alive();
        let message: T;
        try {
          message = JSON.parse((event as MessageEvent<string>).data || '{}');
        } catch {
          return;
        }
        handle(message);
      });
    on<LiveHello>('hello', (hello) => {
      if (hello.heartbeat_s > 0) this.heartbeatMs = hello.heartbeat_s * 1000;
      this.alive();
    });
    on<LiveMetrics>('metrics', this.handlers.onMetrics);
    on<LiveSource>('source', this.handlers.onSource);
    on('read_again', this.handlers.onReadAgain);
    on('heartbeat', () => {});
    source.onerror = () => {
      if (this.source === source) this.fail();
    };
    this.watch(15_000);
  }

  private alive(): void {
    this.watch(this.heartbeatMs * 3);
    if (this.state.kind === 'live') return;
    const again = this.state.kind === 'broken';
    this.attempts = 0;
    this.set({ kind: 'live' });
    if (again) this.handlers.onReadAgain();
  }

  private watch(ms: number): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.fail(), ms);
  }

  private fail(): void {
    this.drop();
    if (this.stopped) return;
    const base = backoffMs[Math.min(this.attempts, backoffMs.length - 1)] ?? 30_000;
    this.attempts++;
    const delay = Math.round(base * (0.8 + 0.4 * this.parts.random()));
    const now = Date.now();
    this.set({
      kind: 'broken',
      since: this.state.kind === 'broken' ? this.state.since : now,
      retryAt: now + delay,
    });
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.reconnect(), delay);
  }

  private async reconnect(): Promise<void> {
    if (this.state.kind === 'broken') this.set({ ...this.state, retryAt: null });
    const generation = ++this.generation;
    let session = true;
    try {
      session = await this.parts.checkSession();
    } catch {
      // The server cannot be asked; opening the stream will fail and be tried again.
    }
    if (this.stopped || generation !== this.generation || !session) return;
    this.connect();
  }

  private drop(): void {
    clearTimeout(this.watchdog);
    this.source?.close();
    this.source = null;
  }

  private set(state: LiveState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}
