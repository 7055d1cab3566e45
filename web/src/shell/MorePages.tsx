import { Link } from '@tanstack/react-router';
import { Dialog } from '../ui/Dialog';
import { membersItem, navGroups, settingsItem } from './nav';

/** All pages, for a phone, whose bar has room for a few. */
export default function MorePages({ onClose }: { onClose: () => void }) {
  const groups = [...navGroups, { title: 'Workspace', items: [membersItem, settingsItem] }];
  return (
    <Dialog title="All pages" onClose={onClose} className="mb-3 max-w-[32rem]">
      <div className="space-y-3 px-2 pb-3">
        {groups.map((group) => (
          <section key={group.title} aria-label={group.title ?? 'Overview'}>
            {group.title && <h3 className="px-2 pb-1 text-meta text-ink-3">{group.title}</h3>}
            <ul className="grid grid-cols-2">
              {group.items.map((item) => (
                <li key={item.to}>
                  <Link
                    to={item.to}
                    onClick={onClose}
                    className="flex min-h-11 items-center gap-3 rounded-panel px-2 text-prose"
                    activeProps={{ className: 'bg-sunken font-medium' }}
                  >
                    <item.icon aria-hidden className="size-5 text-ink-3" strokeWidth={1.75} />
                    {item.label}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
