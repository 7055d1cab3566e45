import {
  Activity,
  Cable,
  CircleX,
  Cpu,
  Gauge,
  KeyRound,
  type LucideIcon,
  ScrollText,
  Settings,
  Tags,
  Users,
  Workflow,
} from 'lucide-react';
import { paths } from '../paths';

export type NavItem = {
  to: (typeof paths)[
    | 'overview'
    | 'devices'
    | 'dataSources'
    | 'events'
    | 'extras'
    | 'workflows'
    | 'executions'
    | 'connections'
    | 'members'
    | 'deadLetters'
    | 'settings'];
  label: string;
  icon: LucideIcon;
  /** Pressed after G. */
  key: string;
};

const overview: NavItem = { to: paths.overview, label: 'Overview', icon: Gauge, key: 'o' };
const devices: NavItem = { to: paths.devices, label: 'Devices', icon: Cpu, key: 'd' };
const dataSources: NavItem = {
  to: paths.dataSources,
  label: 'Data sources',
  icon: Cable,
  key: 's',
};
const executions: NavItem = { to: paths.executions, label: 'Executions', icon: Activity, key: 'n' };

/** Pages by what they are about; a group of one needs no title. */
export const navGroups: readonly { title: string | null; items: readonly NavItem[] }[] = [
  { title: null, items: [overview] },
  {
    title: 'Data',
    items: [
      devices,
      dataSources,
      { to: paths.events, label: 'Events', icon: ScrollText, key: 'e' },
      { to: paths.extras, label: 'Extras', icon: Tags, key: 'x' },
    ],
  },
  {
    title: 'Automation',
    items: [
      { to: paths.workflows, label: 'Workflows', icon: Workflow, key: 'w' },
      executions,
      { to: paths.connections, label: 'Connections', icon: KeyRound, key: 'c' },
    ],
  },
];

export const navItems: readonly NavItem[] = navGroups.flatMap((group) => group.items);

/** What a phone has room for; all else is behind "More". */
export const barItems: readonly NavItem[] = [overview, devices, dataSources, executions];

/** A part of the data sources, so in the palette and by key alone. */
export const deadLettersItem: NavItem = {
  to: paths.deadLetters,
  label: 'Failed events',
  icon: CircleX,
  key: 'f',
};

/** Beside the settings, apart from what a workspace does. */
export const membersItem: NavItem = { to: paths.members, label: 'Members', icon: Users, key: 'm' };

export const settingsItem: NavItem = {
  to: paths.settings,
  label: 'Settings',
  icon: Settings,
  key: ',',
};

/** All that can be gone to. */
export const allItems: readonly NavItem[] = [
  ...navItems,
  deadLettersItem,
  membersItem,
  settingsItem,
];
