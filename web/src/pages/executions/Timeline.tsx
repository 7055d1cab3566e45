import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import {
  Ban,
  Check,
  CircleHelp,
  Clock3,
  CornerDownRight,
  Info,
  LoaderCircle,
  OctagonX,
  Play,
} from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import {
  executionInputQuery,
  executionLogQuery,
  isOpen,
  stepOutputQuery,
} from '../../api/executions';
import { pretty } from '../../api/jsonText';
import type { Execution, ExecutionLogEntry, WorkflowDocument } from '../../api/types';
import { Moment } from '../../ui/Age';
import { Button } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { ExpandableItem } from '../../ui/Expandable';
import { Failed } from '../../ui/Feedback';
import { formatBytes, formatSpan, zoneName } from '../../ui/format';
import { JsonText } from '../../ui/Json';
import { LoadMore, Unlisted } from '../../ui/Listing';
import { Panel } from '../../ui/Panel';
import { icon, type Look, Shown } from '../../ui/Status';
import { stepTypeWord } from './names';
import { type StepState, type TimelineItem, timeline } from './timeline';

const looks: Record<StepState, Look> = {
  acting: { word: 'Running', tone: 'text-ink-2', icon: icon(LoaderCircle) },
  succeeded: { word: 'Succeeded', tone: 'text-ink-3', icon: icon(Check) },
  handled: { word: 'Failed, handled', tone: 'text-medium', icon: icon(OctagonX) },
  failed: { word: 'Failed', tone: 'text-critical', icon: icon(OctagonX) },
  retry: { word: 'To be tried again', tone: 'text-medium', icon: icon(Clock3) },
  parked: { word: 'Needs a decision', tone: 'text-medium', icon: icon(CircleHelp) },
  taken: { word: 'Taken over', tone: 'text-ink-3', icon: icon(CornerDownRight) },
  cut: { word: 'Ended before it was done', tone: 'text-ink-3', icon: icon(Ban) },
};

/** What an execution did, step by step, each along the time that it took. */
export function Timeline({
  execution,
  document,
}: {
  execution: Execution;
  document: WorkflowDocument | undefined;
}) {
  const open = isOpen(execution);
  const query = useInfiniteQuery(executionLogQuery(execution.id, open));
  const { refetch } = query;
  const wasOpen = useRef(open);
  useEffect(() => {
    // Its end may have been seen before the last lines of its log were.
    if (wasOpen.current && !open) void refetch();
    wasOpen.current = open;
  }, [open, refetch]);
  const log = query.data?.pages.flatMap((page) => page.data);
  const items = log && timeline(log, execution);
  const total = Math.max(1, ...(items ?? []).map((item) => item.from + item.span));
  const ran = new Set(items?.map((item) => item.step));
  const left = (document?.steps ?? []).filter((step) => !ran.has(step.id));
  return (
    <Panel title="Steps" aside={<span>Times in {zoneName()}</span>}>
      {!items ? (
        <Unlisted query={query} what="the log" rows={4} />
      ) : items.length === 0 ? (
        <p className="px-3 pb-3 text-ink-3">Nothing yet: it waits for a process to take it.</p>
      ) : (
        <ol>
          {items.map((item) => (
            <ExpandableItem key={item.key} detail={<Detail execution={execution} item={item} />}>
              <Line
                item={item}
                total={total}
                type={document?.steps?.find((step) => step.id === item.step)?.type}
              />
            </ExpandableItem>
          ))}
        </ol>
      )}
      {items && left.length > 0 && !query.hasNextPage && (
        <p className="border-t border-line-weak px-3 py-2 text-ink-3">
          {open ? 'Not reached yet: ' : 'Not run: '}
          {left.map((step, index) => (
            <span key={step.id}>
              {index > 0 && ', '}
              <span className="font-mono text-meta">{step.id}</span>
            </span>
          ))}
        </p>
      )}
      <LoadMore query={query} />
    </Panel>
  );
}

function Line({
  item,
  total,
  type,
}: {
  item: TimelineItem;
  total: number;
  type: string | undefined;
}) {
  const [only] = item.entries;
  const tries = item.attempts > 1 ? `${item.attempts} attempts` : null;
  const took = item.lasted === null ? null : formatSpan(item.lasted);
  return (
    <span className="grid items-center gap-x-3 lg:grid-cols-[minmax(8rem,16rem)_12rem_minmax(0,1fr)_9rem]">
      <span className="flex min-w-0 items-baseline gap-2">
        {item.kind === 'step' ? (
          <>
            <span className="truncate font-mono text-meta">{item.step}</span>
            {type && <span className="truncate text-meta text-ink-3">{stepTypeWord(type)}</span>}
          </>
        ) : (
          <span className="truncate text-ink-2 max-lg:whitespace-normal">{only?.message}</span>
        )}
      </span>
      <span className="max-lg:text-meta">
        {item.state ? (
          <Shown look={looks[item.state]} />
        ) : (
          <Shown
            look={{
              word: item.kind === 'trigger' ? 'Taken in' : 'Note',
              tone: 'text-ink-3',
              icon: icon(item.kind === 'trigger' ? Play : Info),
            }}
          />
        )}
        <span className="ml-3 text-ink-3 lg:hidden">
          {[tries, took].filter(Boolean).join(', ')}
        </span>
      </span>
      <span aria-hidden className="relative h-1.5 max-lg:hidden">
        <span
          className={cx(
            'absolute inset-y-0 min-w-[3px] rounded-inner',
            item.state === 'failed' ? 'bg-critical' : 'bg-line-strong',
          )}
          style={{
            left: `min(${(item.from / total) * 100}%, 100% - 3px)`,
            width: `${(item.span / total) * 100}%`,
          }}
        />
      </span>
      <span className="text-right text-ink-2 max-lg:hidden">
        {tries && <span className="text-ink-3">{tries}, </span>}
        {took ?? <span className="text-ink-3">–</span>}
      </span>
    </span>
  );
}

function Detail({ execution, item }: { execution: Execution; item: TimelineItem }) {
  return (
    <div className="space-y-3">
      <ol className="space-y-2">
        {item.entries.map((entry) => (
          <li key={entry.log_id}>
            <Entry entry={entry} of={item} />
          </li>
        ))}
      </ol>
      {item.kind === 'trigger' && item.entries.some(isCut) && (
        <Whole label="Show all that the trigger brought" id={execution.id} />
      )}
      {item.step && item.entries.some((entry) => recorded(entry) && isCut(entry)) && (
        <Whole label={wholeOf(item.entries)} id={execution.id} step={item.step} />
      )}
    </div>
  );
}

/** Whether the log shows a part of what there is. */
const isCut = ({ output }: ExecutionLogEntry): boolean =>
  output !== null && pretty(output) === null;

const recorded = ({ kind, output_bytes: bytes }: ExecutionLogEntry): boolean =>
  (kind === 'succeeded' || kind === 'handled') && bytes !== null;

const wholeOf = (entries: ExecutionLogEntry[]): string =>
  `Show the whole output (${formatBytes(entries.find(recorded)?.output_bytes ?? 0)})`;

function Entry({ entry, of }: { entry: ExecutionLogEntry; of: TimelineItem }) {
  const name = of.step ?? 'trigger';
  const nth = of.attempts > 1 ? `, attempt ${entry.attempt}` : '';
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-3 text-ink-2">
        <span className="text-ink-3">
          <Moment at={entry.timestamp} />
        </span>
        <span
          className={cx(
            'min-w-0 break-words',
            entry.level === 'error' && 'text-critical',
            entry.level === 'warn' && 'text-medium',
          )}
        >
          {entry.message}
        </span>
        {entry.duration_ms !== null && (
          <span className="text-meta text-ink-3">{formatSpan(entry.duration_ms)}</span>
        )}
      </p>
      {entry.input !== null && <Glimpse label={`Input of ${name}${nth}`} text={entry.input} />}
      {entry.output !== null && (
        <Glimpse
          label={of.kind === 'trigger' ? 'What the trigger brought' : `Output of ${name}${nth}`}
          text={entry.output}
        />
      )}
    </>
  );
}

/** What the log shows of a value; it may be cut. */
function Glimpse({ label, text }: { label: string; text: string }) {
  const whole = pretty(text);
  return (
    <div className="mt-1.5">
      <p className="mb-1 text-meta text-ink-3">
        {label}
        {whole === null && ', its beginning'}
      </p>
      <JsonText text={whole ?? text} label={label} />
    </div>
  );
}

/** Large values are fetched when somebody wants to see them. */
function Whole({ label, id, step }: { label: string; id: string; step?: string }) {
  const [wanted, setWanted] = useState(false);
  const input = useQuery({ ...executionInputQuery(id), enabled: wanted && !step });
  const output = useQuery({ ...stepOutputQuery(id, step ?? ''), enabled: wanted && !!step });
  const query = step ? output : input;
  if (!wanted) return <Button onClick={() => setWanted(true)}>{label}</Button>;
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <p role="status">Loading…</p>;
  return (
    <JsonText
      text={query.data}
      label={step ? `Whole output of ${step}` : 'All that the trigger brought'}
    />
  );
}
