import { Cable, Cpu, Gauge, type LucideIcon, ScrollText, Settings } from 'lucide-react';
import { paths } from '../paths';

export type NavItem = {
  to: (typeof paths)['overview' | 'devices' | 'dataSources' | 'events' | 'settings'];
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
];

export const settingsItem: NavItem = {
  to: paths.settings,
  label: 'Settings',
  icon: Settings,
  key: ',',
};
