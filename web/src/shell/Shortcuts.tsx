import { Dialog } from '../ui/Dialog';
import { allItems } from './nav';

const groups = [
  {
    title: 'Anywhere',
    keys: [
      { keys: ['Ctrl', 'K'], does: 'Search or run a command (Cmd K on a Mac)' },
      { keys: ['/'], does: 'Search' },
      { keys: ['?'], does: 'This list' },
      { keys: ['Esc'], does: 'Close what is open' },
    ],
  },
  {
    title: 'Go to',
    keys: allItems.map((item) => ({
      keys: ['G', item.key.toUpperCase()],
      does: item.label,
    })),
  },
  {
    title: 'Charts',
    keys: [
      { keys: ['Drag'], does: 'Zoom into a span of time' },
      { keys: ['Double-click'], does: 'Reset the zoom' },
    ],
  },
];

export default function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose} className="max-w-[28rem]">
      <div className="space-y-4 px-4 pb-4">
        {groups.map((group) => (
          <section key={group.title}>
            <h3 className="mb-1 text-meta text-ink-3">{group.title}</h3>
            <dl>
              {group.keys.map((shortcut) => (
                <div
                  key={shortcut.does}
                  className="flex min-h-8 items-center justify-between gap-4"
                >
                  <dt>{shortcut.does}</dt>
                  <dd className="flex shrink-0 gap-1">
                    {shortcut.keys.map((key) => (
                      <kbd
                        key={key}
                        className="min-w-6 rounded-inner border border-line bg-surface px-1.5 text-center font-mono text-axis leading-5 text-ink-2"
                      >
                        {key}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
