import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Download, Tags } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { type ExtraFilter, extrasQuery, readExtras } from '../../api/extras';
import { explain } from '../../api/problem';
import type { Extra } from '../../api/types';
import { paths } from '../../paths';
import { Button, buttonClass } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { Empty } from '../../ui/Feedback';
import { formatCount } from '../../ui/format';
import { Listing, Pager, usePages } from '../../ui/Listing';
import { rowClass, Table, Td, Th } from '../../ui/Table';
import { useWide } from '../../ui/useWide';
import { download, extrasCsv } from './csv';
import { EntityName, typeWords, Value } from './values';

/** Beyond it a spreadsheet is no help, and a browser holds it all in memory. */
const exportMax = 10_000;

export function ExtraResults({ filter }: { filter: ExtraFilter }) {
  const pages = usePages();
  const query = useQuery(extrasQuery(filter, pages.cursor));
  const wide = useWide();
  return (
    <Listing
      query={query}
      what="the extras"
      rows={10}
      isEmpty={(page) => page.data.length === 0 && pages.isFirst && !page.next_cursor}
      nothing={<Nothing filtered={Object.keys(filter).length > 0} />}
      label="Extras"
      busy={query.isPlaceholderData}
    >
      {(page) => (
        <>
          {wide ? (
            <Table caption="Extras" className={cx(query.isPlaceholderData && 'text-ink-3')}>
              <thead>
                <tr>
                  <Th>Device or row</Th>
                  <Th>Key</Th>
                  <Th>Type</Th>
                  <Th className="text-right">Value</Th>
                </tr>
              </thead>
              <tbody>
                {page.data.map((extra) => (
                  <tr key={`${extra.entity_id} ${extra.key}`} className={rowClass}>
                    <Td>
                      <EntityName entity={extra.entity} />
                    </Td>
                    <Td className="font-mono text-meta break-all text-ink-2">{extra.key}</Td>
                    <Td className="whitespace-nowrap text-ink-3">{typeWords[extra.type]}</Td>
                    <Td className="max-w-[28rem] text-right">
                      <Value value={extra.value} type={extra.type} />
                    </Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          ) : (
            <ul>
              {page.data.map((extra) => (
                <Item key={`${extra.entity_id} ${extra.key}`} extra={extra} />
              ))}
            </ul>
          )}
          <Pager
            pages={pages}
            next={page.next_cursor}
            waiting={query.isPlaceholderData}
            backLabel="Previous"
            onLabel="Next"
            actions={<Export filter={filter} />}
          >
            {page.data.length === 0 && page.next_cursor
              ? 'No match so far. Next looks further.'
              : `Page ${formatCount(pages.number)}, ${formatCount(page.data.length)} values`}
          </Pager>
        </>
      )}
    </Listing>
  );
}

/** On a phone: two lines a value. */
function Item({ extra }: { extra: Extra }) {
  return (
    <li className="border-line-weak px-3 py-2.5 not-first:border-t">
      <p className="flex items-baseline justify-between gap-3">
        <span className="min-w-0 break-words">
          <EntityName entity={extra.entity} />
        </span>
        <span className="max-w-1/2 text-right">
          <Value value={extra.value} type={extra.type} />
        </span>
      </p>
      <p className="mt-0.5 flex justify-between gap-3 text-meta text-ink-3">
        <span className="min-w-0 font-mono break-all">{extra.key}</span>
        <span className="shrink-0">{typeWords[extra.type]}</span>
      </p>
    </li>
  );
}

/** All that the search finds, in its order, as a file. */
function Export({ filter }: { filter: ExtraFilter }) {
  const [state, setState] = useState<string | null>(null);
  const [running, setRunning] = useState(false);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const run = async () => {
    if (running) return;
    const controller = new AbortController();
    abort.current = controller;
    setRunning(true);
    setState('Reading…');
    try {
      const all: Extra[] = [];
      let cursor: string | undefined;
      do {
        const page = await readExtras(filter, cursor, 1000, controller.signal);
        all.push(...page.data);
        cursor = page.next_cursor ?? undefined;
        setState(`${formatCount(all.length)} values read…`);
      } while (cursor && all.length < exportMax);
      download('extras.csv', extrasCsv(all.slice(0, exportMax)));
      setState(
        cursor || all.length > exportMax
          ? `Exported the first ${formatCount(Math.min(all.length, exportMax))} values; narrow the search for the rest.`
          : `Exported ${formatCount(all.length)} values.`,
      );
    } catch (error) {
      if (controller.signal.aborted) return;
      const { what, remedy } = explain(error);
      setState(`Not exported: ${what} ${remedy ?? ''}`);
    } finally {
      if (!controller.signal.aborted) setRunning(false);
    }
  };
  return (
    <>
      <Button onClick={() => void run()} aria-disabled={running}>
        <Download aria-hidden className="size-4" strokeWidth={1.75} />
        Export CSV
      </Button>
      <span role="status" className="text-meta text-ink-3">
        {state}
      </span>
    </>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty
      title="No value matches"
      actions={
        <Link to={paths.extras} search={{}} className={buttonClass('primary')}>
          Show all extras
        </Link>
      }
    >
      Try another type or range. A key is written as the list shows it, with the table of its
      readings in front where it is from readings.
    </Empty>
  ) : (
    <Empty
      title="No extras yet"
      icon={<Tags aria-hidden strokeWidth={1.75} />}
      actions={
        <Link to={paths.dataSources} className={buttonClass('primary')}>
          View data sources
        </Link>
      }
    >
      What a captured row says beside names, times and readings is listed here, documents taken
      apart field by field.
    </Empty>
  );
}
