import { TriangleAlert } from 'lucide-react';
import { explain } from '../api/problem';
import { Age } from './Age';
import { Button } from './Button';
import { Notice } from './Feedback';

/** Above what could be loaded once and now cannot: it is old, and looks as if it were not. */
export function NotRefreshed({
  query,
}: {
  query: {
    data: unknown;
    error: unknown;
    dataUpdatedAt: number;
    refetch: () => unknown;
  };
}) {
  if (query.data === undefined || !query.error) return null;
  const { what } = explain(query.error);
  return (
    <Notice
      icon={<TriangleAlert aria-hidden strokeWidth={1.75} />}
      action={<Button onClick={() => void query.refetch()}>Try again</Button>}
    >
      <span className="font-medium">
        Not refreshed since <Age at={new Date(query.dataUpdatedAt).toISOString()} />.
      </span>{' '}
      {what}
    </Notice>
  );
}
