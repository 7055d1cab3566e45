import {
  Cable,
  CircleX,
  Cpu,
  Gauge,
  type LucideIcon,
  ScrollText,
  Settings,
  Tags,
} from 'lucide-react';
import { paths } from '../paths';

export type NavItem = {
  to: (typeof paths)[
    | 'overview'
    | 'devices'
    | 'dataSources'
    | 'events'
    | 'extras'
    | 'deadLetters'
    | 'settings'];
  label: string;
  icon: LucideIcon;
  /** Pressed after G. */
  key: string;
};

export const navItems: readonly NavItem[] = [
  { to: paths.overview, label: 'Overview', icon: Gauge, key: 'o' },
  { to: paths.devices, label: 'Devices', icon: Cpu, key: 'd' },
  { to: paths.dataSources, label: 'Data sources', icon: Cable, key: 's' },
  { to: paths.events, label: 'Events', icon: ScrollText, key: 'e' },
  { to: paths.extras, label: 'Extras', icon: Tags, key: 'x' },
];

/** A part of the data sources, so in the palette and by key alone. */
export const deadLettersItem: NavItem = {
  to: paths.deadLetters,
  label: 'Failed events',
  icon: CircleX,
  key: 'f',
};

export const settingsItem: NavItem = {
  to: paths.settings,
  label: 'Settings',
  icon: Settings,
  key: ',',
};

/** All that can be gone to. */
export const allItems: readonly NavItem[] = [...navItems, deadLettersItem, settingsItem];
