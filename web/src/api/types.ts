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
export type Execution = Schemas['Execution'];
export type ExecutionState = Execution['status'];
export type ExecutionLogEntry = Schemas['ExecutionLogEntry'];
export type Workflow = Omit<Schemas['Workflow'], 'document'> & { document: WorkflowDocument };
export type WorkflowSummary = Schemas['WorkflowSummary'];
export type WorkflowVersion = Omit<Schemas['WorkflowVersion'], 'document'> & {
  document: WorkflowDocument;
};
export type WorkflowVersionSummary = Schemas['WorkflowVersionSummary'];
export type WorkflowDifference = Schemas['WorkflowDifference'];
export type WorkflowFlaw = Schemas['WorkflowFlaw'];
/** As far as pages read it; its whole shape is docs/api/workflow.schema.json. */
export type WorkflowDocument = {
  name: string;
  triggers?: { id: string; type: string }[];
  steps?: { id: string; type: string }[];
};
export type Role = Schemas['Member']['role'];
export type Member = Schemas['Member'];
export type Invitation = Schemas['Invitation'];
export type Plan = Schemas['Plan'];
export type Connection = Schemas['Connection'];
export type Connector = Schemas['Connector'];
