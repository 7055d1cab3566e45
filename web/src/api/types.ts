import type { components } from './schema';

type Schemas = components['schemas'];

export type Problem = Schemas['Problem'];
export type AuthOptions = Schemas['AuthOptions'];
export type Me = Schemas['Me'];
export type Agent = Schemas['Agent'];
export type PairingCode = Schemas['PairingCode'];
export type Source = Schemas['Source'];
export type SourceTable = Schemas['SourceTable'];
export type ChangeEvent = Schemas['Event'];
export type Device = Schemas['Device'];
export type DeviceDetail = Schemas['DeviceDetail'];
export type DeviceState = Device['state'];
export type Metric = Schemas['Metric'];
export type MetricSeries = Schemas['MetricSeries'];
export type DeadLetter = Schemas['DeadLetter'];
export type Overview = Schemas['Overview'];
export type Kpi = Schemas['Kpi'];
export type OverviewChart = Schemas['OverviewChart'];
export type OverviewSite = Schemas['OverviewSite'];
