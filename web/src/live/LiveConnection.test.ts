import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveConnection } from './LiveConnection';

/** An event stream whose messages and failures the test decides. */
class Stream extends EventTarget {
  onerror: (() => void) | null = null;
  closed = false;
  close() {
    this.closed = true;
  }
  say(name: string, data: unknown) {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}

const set = (session = true) => {
  const streams: Stream[] = [];
  const handlers = { onMetrics: vi.fn(), onSource: vi.fn(), onReadAgain: vi.fn() };
  const connection = new LiveConnection(handlers, {
    open: () => {
      const stream = new Stream();
      streams.push(stream);
      return stream as unknown as EventSource;
    },
    checkSession: async () => session,
    random: () => 0.5,
  });
  return { connection, streams, handlers };
};

describe('LiveConnection', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is live from the first message on', () => {
    const { connection, streams, handlers } = set();
    connection.start();
    expect(connection.getState().kind).toBe('connecting');
    streams[0]?.say('hello', { heartbeat_s: 5 });
    expect(connection.getState().kind).toBe('live');
    expect(handlers.onReadAgain).not.toHaveBeenCalled();
    connection.stop();
  });

  it('reads all again when it is told that something else is shown', () => {
    const { connection, streams, handlers } = set();
    connection.start();
    streams[0]?.say('hello', { heartbeat_s: 5 });
    streams[0]?.say('read_again', { at: '2026-01-01T00:00:00Z' });
    expect(handlers.onReadAgain).toHaveBeenCalledOnce();
    connection.stop();
  });

  it('tries again with longer and longer waits, and asks for what was missed when back', async () => {
    const { connection, streams, handlers } = set();
    connection.start();
    streams[0]?.onerror?.();
    expect(connection.getState()).toMatchObject({ kind: 'broken' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(streams).toHaveLength(2);
    streams[1]?.onerror?.();
    await vi.advanceTimersByTimeAsync(1000);
    expect(streams).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(streams).toHaveLength(3);
    streams[2]?.say('heartbeat', {});
    expect(connection.getState().kind).toBe('live');
    expect(handlers.onReadAgain).toHaveBeenCalledOnce();
    connection.stop();
  });

  it('counts a silent stream as broken after three heartbeats', async () => {
    const { connection, streams } = set();
    connection.start();
    streams[0]?.say('hello', { heartbeat_s: 5 });
    await vi.advanceTimersByTimeAsync(14_900);
    expect(connection.getState().kind).toBe('live');
    await vi.advanceTimersByTimeAsync(200);
    expect(connection.getState().kind).toBe('broken');
    expect(streams[0]?.closed).toBe(true);
    connection.stop();
  });

  it('does not try again without a session', async () => {
    const { connection, streams } = set(false);
    connection.start();
    streams[0]?.onerror?.();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(streams).toHaveLength(1);
    connection.stop();
  });

  it('hears nothing of a stream it has left', async () => {
    const { connection, streams, handlers } = set();
    connection.start();
    streams[0]?.onerror?.();
    streams[0]?.say('metrics', { at: '', items: [] });
    expect(handlers.onMetrics).not.toHaveBeenCalled();
    connection.stop();
  });

  it('passes over a message that is no JSON', () => {
    const { connection, streams, handlers } = set();
    connection.start();
    streams[0]?.dispatchEvent(new MessageEvent('metrics', { data: '{' }));
    expect(handlers.onMetrics).not.toHaveBeenCalled();
    expect(connection.getState().kind).toBe('live');
    connection.stop();
  });
});
