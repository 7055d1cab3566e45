import type { DeadLetter } from '../../api/types';

type Cause = DeadLetter['cause'];

/** What happened, and what helps. */
const causes: Record<Cause, { name: string; advice: string; rebuild?: true }> = {
  refused_by_database: {
    name: 'Refused by the database',
    advice:
      'What the event would have become is something that PostgreSQL does not take. Correct the row at its source: its next change that tells all of its values is applied, and mends what is shown of it. Should the platform have learnt to take it since, build what is shown of the source anew.',
    rebuild: true,
  },
  fold_failed: {
    name: 'Stumbled over',
    advice:
      'Something in this event, or in what is stored of its row, is more than the platform knows how to apply. The row’s next change that tells all of its values is applied, and mends what is shown of it; after an update of the platform, build what is shown of the source anew. Please report what it says here.',
    rebuild: true,
  },
  mapping_failed: {
    name: 'No place in the mapping',
    advice:
      'The row does not name what its table is about: a device, a metric, or its own key. An empty text names nothing. Correct the row at its source: reading its table again brings the same row, and it fails anew. The source’s page says how its table is read.',
  },
  too_many_in_batch: {
    name: 'Too many to list',
    advice:
      'So many events were refused together that one entry stands for them all. The entries before it say why. Mend that, and write the rows once more or build what is shown of the source anew.',
    rebuild: true,
  },
  row_in_quarantine: {
    name: 'Waiting for an earlier failure',
    advice:
      'An earlier event of the same row failed, so this one, which leaves a large value of the row untold, was not applied. Once the row’s values are all written again at the source, what is shown of it is right again.',
  },
  payload_wrapped: {
    name: 'Stored in a wrapper',
    advice:
      'A value could not be stored as it came, so the raw event keeps it as text. Nothing is lost: what is shown holds the event, and this entry can be dismissed.',
  },
  not_in_bronze: {
    name: 'Could not be stored',
    advice:
      'The raw event could not be stored, and this sample is all that is left of it; where one entry stands for several, it is of the first. Read its table again, or take the source’s snapshot again, to have its row right whatever is built anew; then dismiss this entry, which nothing else settles.',
  },
  batch_corrupt: {
    name: 'Unreadable on arrival',
    advice:
      'A batch could not be read, several times over, so its events are missing here, and nobody can tell of which tables they were. Take the source’s snapshot again to be whole, and look at the network between agent and platform; then dismiss this entry, which nothing else settles.',
  },
};

export const causeKeys = Object.keys(causes) as Cause[];

/** A cause that is newer than this page is shown by its key. */
export const causeName = (cause: string): string =>
  (causes as Record<string, { name: string }>)[cause]?.name ?? cause;

export const causeAdvice = (cause: string): string | undefined =>
  (causes as Record<string, { advice: string }>)[cause]?.advice;

/** Whether the stored events, applied again, mend it once its reason is gone. */
export const causeNeedsRebuild = (cause: string): boolean =>
  (causes as Record<string, { rebuild?: true }>)[cause]?.rebuild ?? false;

/** The sample is the beginning of a JSON text, and mostly all of it. */
export function sampleOf(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
