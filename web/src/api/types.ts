import type { components } from './schema';

type Schemas = components['schemas'];

export type Problem = Schemas['Problem'];
export type AuthOptions = Schemas['AuthOptions'];
export type Me = Schemas['Me'];
export type Agent = Schemas['Agent'];
export type PairingCode = Schemas['PairingCode'];
export type Source = Schemas['Source'];
export type SourceGap = Schemas['SourceGap'];
export type SourceTable = Schemas['SourceTable'];
/** The payload is JSON as it is stored: key, after, before, where they are. */
export type ChangeEvent = Omit<Schemas['Event'], 'payload'> & { payload: unknown };
export type Operation = Schemas['Event']['op'];
export type Device = Schemas['Device'];
export type DeviceDetail = Schemas['DeviceDetail'];
export type DeviceState = Device['state'];
export type ExtraType = Schemas['Extra']['type'];
/** The value is a text, a number, a boolean or a time, as its type says. */
export type Extra = Omit<Schemas['Extra'], 'value'> & { value: unknown };
export type ExtraEntity = Schemas['ExtraEntity'];
export type ExtraConflict = Schemas['ExtraConflict'];
export type Metric = Schemas['Metric'];
export type MetricSeries = Schemas['MetricSeries'];
export type DeadLetter = Omit<Schemas['DeadLetter'], 'sample'> & { sample: unknown };
export type DeadLetterGroup = Schemas['DeadLetterGroup'];
export type DeadLetterGroups = Schemas['DeadLetterGroups'];
export type Rebuild = Schemas['Rebuild'];
export type OrderedSnapshot = Schemas['OrderedSnapshot'];
export type Overview = Schemas['Overview'];
export type Kpi = Schemas['Kpi'];
export type OverviewChart = Schemas['OverviewChart'];
export type OverviewSite = Schemas['OverviewSite'];
export type Session = Schemas['DeviceSession'];
export type SessionSummary = Schemas['SessionSummary'];
