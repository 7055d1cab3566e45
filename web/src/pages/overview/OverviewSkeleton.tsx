import { Loading, Skeleton } from '../../ui/Feedback';

const box = 'rounded-panel border border-line bg-surface p-3';

/** The layout of the overview before its first answer. */
export function OverviewSkeleton() {
  return (
    <Loading what="the overview">
      <div className="flex flex-col gap-3">
        <div className={`${box} grid grid-cols-2 gap-6 lg:grid-cols-5`}>
          {['a', 'b', 'c', 'd', 'e'].map((tile) => (
            <div key={tile} className="space-y-2">
              <Skeleton className="h-4 w-24" />
              <Skeleton className="h-8 w-28" />
              <Skeleton className="h-3 w-20" />
            </div>
          ))}
        </div>
        <ChartGridSkeleton count={6} />
      </div>
    </Loading>
  );
}

/** The charts' layout before what draws them has come. */
export function ChartGridSkeleton({ count }: { count: number }) {
  return (
    <div className="grid gap-3 md:grid-cols-2 xl:grid-cols-3">
      {Array.from({ length: count }, (_, i) => `chart ${i}`).map((chart) => (
        <div key={chart} className={box}>
          <Skeleton className="h-4 w-32" />
          <Skeleton className="mt-4 h-[184px]" />
        </div>
      ))}
    </div>
  );
}
