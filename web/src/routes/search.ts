import type { SearchSchemaInput } from '@tanstack/react-router';
import type { DeadLetterFilter } from '../api/deadLetters';
import type { DeviceFilter } from '../api/devices';
import type { EventFilter } from '../api/events';
import type { ExecutionFilter } from '../api/executions';
import type { ExtraFilter } from '../api/extras';
import type { DeadLetter, ExecutionState } from '../api/types';
import { safeNext } from '../paths';

/** What may stand behind the question mark of each page's address. What is not known there is left out. */

type Asked = Record<string, unknown> & SearchSchemaInput;

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined;

/** What looks like a number or a boolean in an address comes as one. */
const written = (value: unknown): string | undefined =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : text(value);

const oneOf = <T extends string>(known: readonly T[], value: unknown): T | undefined =>
  known.find((each) => each === value);
const deviceStates = ['reporting', 'late', 'silent', 'never', 'loading', 'removed'] as const;
const extraTypes = ['text', 'num', 'bool', 'time'] as const;
const operations = ['insert', 'update', 'delete', 'read', 'truncate'] as const;

const deadLetterCauses: readonly DeadLetter['cause'][] = [
  'refused_by_database',
  'fold_failed',
  'mapping_failed',
  'too_many_in_batch',
  'row_in_quarantine',
  'payload_wrapped',
  'not_in_bronze',
  'batch_corrupt',
];

/** Leaves out what is not set, so that addresses stay short. */
const defined = <T extends object>(search: T): { [K in keyof T]: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };

export type AuthSearch = { mode?: 'sign-up' | 'sign-in'; next?: string; reason?: 'ended' };
export const authSearch = (search: Asked): AuthSearch =>
  defined({
    mode: oneOf(['sign-up', 'sign-in'] as const, search.mode),
    next: safeNext(search.next),
    reason: search.reason === 'ended' ? ('ended' as const) : undefined,
  });

export type DevicesSearch = DeviceFilter;
export const devicesSearch = (search: Asked): DevicesSearch =>
  defined({
    site_id: text(search.site_id),
    state: oneOf(deviceStates, search.state),
    q: text(search.q),
  });

export type DeviceSearch = { range?: '6h' | '24h' };
export const deviceSearch = (search: Asked): DeviceSearch =>
  defined({
    range: search.range === '6h' || search.range === '24h' ? search.range : undefined,
  });

export type DataSourcesSearch = { pair?: boolean };
export const dataSourcesSearch = (search: Asked): DataSourcesSearch =>
  defined({ pair: search.pair === true ? true : undefined });

export type EventsSearch = EventFilter;
export const eventsSearch = (search: Asked): EventsSearch =>
  defined({
    source_id: text(search.source_id),
    table: text(search.table),
    op: oneOf(operations, search.op),
    from: text(search.from),
    to: text(search.to),
  });

export type DeadLettersSearch = DeadLetterFilter & { view?: 'list' };
export const deadLettersSearch = (search: Asked): DeadLettersSearch =>
  defined({
    view: search.view === 'list' ? ('list' as const) : undefined,
    source_id: text(search.source_id),
    cause: oneOf(deadLetterCauses, search.cause),
    table: text(search.table),
    settled: search.settled === true || search.settled === 'true' ? (true as const) : undefined,
  });

export type ExtrasSearch = ExtraFilter & { view?: 'conflicts'; source_id?: string };
export const extrasSearch = (search: Asked): ExtrasSearch =>
  defined({
    view: search.view === 'conflicts' ? ('conflicts' as const) : undefined,
    source_id: text(search.source_id),
    key: written(search.key),
    type: oneOf(extraTypes, search.type),
    table: text(search.table),
    from: written(search.from),
    to: written(search.to),
    prefix: written(search.prefix),
    contains: written(search.contains),
  });

export const executionStates: readonly ExecutionState[] = [
  'pending',
  'running',
  'waiting',
  'success',
  'failed',
  'canceled',
];
export const triggerTypes = ['webhook', 'api', 'retry'] as const;

export type ExecutionsSearch = ExecutionFilter;
export const executionsSearch = (search: Asked): ExecutionsSearch =>
  defined({
    status: oneOf(executionStates, search.status),
    workflow_id: text(search.workflow_id),
    trigger_type: oneOf(triggerTypes, search.trigger_type),
    name: written(search.name),
    correlation_key: written(search.correlation_key),
    error: written(search.error),
    from: text(search.from),
    to: text(search.to),
  });

export type WorkflowsSearch = { name?: string; enabled?: boolean };
export const workflowsSearch = (search: Asked): WorkflowsSearch =>
  defined({
    name: written(search.name),
    enabled: typeof search.enabled === 'boolean' ? search.enabled : undefined,
  });

/** What of a workflow is shown; of its versions, which two are compared. */
export type WorkflowSearch = { view?: 'draft' | 'versions'; from?: string; to?: string };
export const workflowSearch = (search: Asked): WorkflowSearch =>
  defined({
    view: oneOf(['draft', 'versions'] as const, search.view),
    from: written(search.from),
    to: written(search.to),
  });
