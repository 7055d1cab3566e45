import type { Source } from '../api/types';

/** One reading, as it became durable. */
export type LiveItem = {
  device_id: string;
  site_id: string | null;
  key: string;
  value: number;
  /** The reading's own time. */
  time: string;
  seq: number;
};

export type LiveMetrics = { at: string; items: LiveItem[] };
export type LiveSource = Partial<Source> & { id?: string };
export type LiveHello = { heartbeat_s: number };
