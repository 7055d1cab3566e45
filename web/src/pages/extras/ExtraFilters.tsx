import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useId, useState } from 'react';
import { type ExtraFilter, extraKeysQuery } from '../../api/extras';
import { paths } from '../../paths';
import type { ExtrasSearch } from '../../routes/search';
import { buttonClass } from '../../ui/Button';
import { controlClass, selectClass } from '../../ui/Field';
import {
  FilterForm,
  fromLocal,
  Labelled,
  TableFilter,
  toLocal,
  type Values,
} from '../../ui/Filters';
import { extraTypes, typeWords } from './values';

const isNumber = (text: string): boolean => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text);

/** Which values are wanted. What can be asked of a value depends on its type. */
export function ExtraFilters({ filter }: { filter: ExtraFilter }) {
  const navigate = useNavigate();
  const [type, setType] = useState<string>(filter.type ?? '');
  const [key, setKey] = useState(filter.key ?? '');
  const [error, setError] = useState<string | null>(null);
  const keys = useQuery(extraKeysQuery(useDeferredValue(key.trim())));
  const id = useId();

  const apply = (value: Values) => {
    const operator = value('operator') ?? 'contains';
    const ends = (name: string) => (type === 'time' ? fromLocal(value(name)) : value(name));
    const wanted: Record<string, string | undefined> = {
      key: value('key'),
      type: type || undefined,
      table: value('table'),
      from: ends('from'),
      to: ends('to'),
      [operator]: value('text'),
    };
    const problem = whatIsWrong(wanted, type);
    setError(problem);
    if (!problem) void navigate({ to: paths.extras, search: wanted as ExtrasSearch });
  };

  return (
    <FilterForm
      columns="lg:grid-cols-[minmax(10rem,18rem)_8rem_minmax(0,22rem)_minmax(8rem,14rem)_auto]"
      apply={apply}
      applyLabel="Search"
      clear={
        Object.keys(filter).length > 0 && (
          <Link to={paths.extras} search={{}} className={buttonClass('ghost')}>
            Clear
          </Link>
        )
      }
      error={error}
      errorId={`${id}-error`}
    >
      <Labelled label="Key" id={`${id}-key`}>
        <input
          id={`${id}-key`}
          name="key"
          value={key}
          onChange={(event) => setKey(event.target.value)}
          list={`${id}-keys`}
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          placeholder="Any key"
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${id}-error` : undefined}
          className={`${controlClass} font-mono`}
        />
        <datalist id={`${id}-keys`}>
          {[...new Set(keys.data?.data.map((each) => each.key))].map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      </Labelled>
      <Labelled label="Type" id={`${id}-type`}>
        <select
          id={`${id}-type`}
          value={type}
          onChange={(event) => setType(event.target.value)}
          className={selectClass}
        >
          <option value="">Any</option>
          {extraTypes.map((each) => (
            <option key={each} value={each}>
              {typeWords[each]}
            </option>
          ))}
        </select>
      </Labelled>
      <ValueFields id={id} type={type} filter={filter} />
      <TableFilter value={filter.table} />
    </FilterForm>
  );
}

function whatIsWrong(wanted: Record<string, string | undefined>, type: string): string | null {
  const { key, from, to, prefix, contains } = wanted;
  if (!key && (from ?? to ?? prefix ?? contains))
    return 'Name the key whose values to look through.';
  if (contains && contains.length < 2)
    return 'Type two characters at least of what a text contains.';
  if (type === 'num') {
    if ((from && !isNumber(from)) || (to && !isNumber(to))) return 'Type numbers as 7.5 or -3e6.';
    if (from && to && Number(from) > Number(to))
      return 'Choose an end that is not below the start.';
  }
  return type === 'time' && from && to && from > to ? 'Choose an end after the start.' : null;
}

/** What can be asked of a value of the type. */
function ValueFields({ id, type, filter }: { id: string; type: string; filter: ExtraFilter }) {
  if (type === 'num' || type === 'time') {
    const time = type === 'time';
    const known = filter.type === type ? filter : {};
    const shared = time
      ? { type: 'datetime-local', step: 1 }
      : { inputMode: 'decimal' as const, maxLength: 100 };
    return (
      <div className="grid grid-cols-2 gap-2">
        <Labelled label={time ? 'From' : 'At least'} id={`${id}-from`}>
          <input
            id={`${id}-from`}
            name="from"
            defaultValue={time ? toLocal(known.from) : known.from}
            className={controlClass}
            {...shared}
          />
        </Labelled>
        <Labelled label={time ? 'To' : 'At most'} id={`${id}-to`}>
          <input
            id={`${id}-to`}
            name="to"
            defaultValue={time ? toLocal(known.to) : known.to}
            className={controlClass}
            {...shared}
          />
        </Labelled>
      </div>
    );
  }
  if (type === 'text') {
    return (
      <div className="grid grid-cols-[8rem_minmax(0,1fr)] gap-2">
        <Labelled label="Operator" id={`${id}-operator`}>
          <select
            id={`${id}-operator`}
            name="operator"
            defaultValue={filter.prefix ? 'prefix' : 'contains'}
            className={selectClass}
          >
            <option value="contains">contains</option>
            <option value="prefix">begins with</option>
          </select>
        </Labelled>
        <Labelled label="Text" id={`${id}-text`}>
          <input
            id={`${id}-text`}
            name="text"
            defaultValue={filter.prefix ?? filter.contains}
            maxLength={200}
            className={controlClass}
          />
        </Labelled>
      </div>
    );
  }
  return (
    <p className="flex h-8 items-center text-meta text-ink-3 max-lg:h-auto">
      {type === 'bool' ? 'Both are listed, no before yes.' : 'Choose a type to look for values.'}
    </p>
  );
}
