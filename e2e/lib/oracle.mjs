// Holds every row of a customer's tables against what the platform shows of it.
//
// Which table is what (device, readings, plain rows …) is read from the platform's mapping; every
// value is read from the customer's database by plain SQL.

const NUMBERS = ["int2", "int4", "int8", "numeric", "float4", "float8"];
const TIMES = ["date", "timestamp", "timestamptz"];

/** A value in words that both sides have for it. */
function canonical(column, type) {
  if (NUMBERS.includes(type)) return `trim_scale(${column}::numeric)::text`;
  if (TIMES.includes(type)) return `trim_scale(extract(epoch FROM ${column}))::text`;
  return asPrinted(column);
}

/** As its type prints it: a cast to text takes the blanks of a char(n) away. */
const asPrinted = (column) => `CASE WHEN ${column} IS NOT NULL THEN concat(${column}) END`;

const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

const tableName = (qualified) => qualified.split(".").map(quoted).join(".");

/** Several columns make one key; blanks at their ends are padding. */
const keyOf = (values) =>
  values.length === 1
    ? values[0].trimEnd()
    : values.map((value) => value.trimEnd().replace(/[\\/]/g, "\\$&")).join("/");

async function columnTypes(customer, table) {
  const { rows } = await customer.query(
    "SELECT attname, typname FROM pg_attribute a JOIN pg_type t ON t.oid = atttypid " +
      "WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
    [tableName(table)],
  );
  return new Map(rows.map(({ attname, typname }) => [attname, typname]));
}

/** All rows, each with the texts of its columns and with their canonical words. */
async function sourceRows(customer, table, types) {
  const columns = [...types].flatMap(([name, type]) => [
    asPrinted(quoted(name)),
    canonical(quoted(name), type),
  ]);
  const { rows } = await customer.query({
    text: `SELECT ${columns.join(", ")} FROM ${tableName(table)}`,
    rowMode: "array",
  });
  const names = [...types.keys()];
  return rows.map((row) => ({
    text: Object.fromEntries(names.map((name, i) => [name, row[2 * i]])),
    canonical: Object.fromEntries(names.map((name, i) => [name, row[2 * i + 1]])),
  }));
}

/** The extras of all entities of a table: id → { key, name, site, extras }. */
async function shownEntities(platform, sourceId, table) {
  const { rows } = await platform.query(
    `
    SELECT e.entity_id AS id, e.key, d.name AS device, s.name AS site, at.key AS at
    FROM analytics.model m
    JOIN analytics.entities e USING (model_id)
    LEFT JOIN analytics.devices d ON d.model_id = e.model_id AND d.device_id = e.entity_id
    LEFT JOIN analytics.sites s ON s.model_id = e.model_id AND s.site_id = e.entity_id
    LEFT JOIN analytics.sites at ON at.model_id = e.model_id AND at.site_id = d.site_id
    WHERE m.source_id = $1 AND m.state = 'live' AND e.table_name = $2
    `,
    [sourceId, table],
  );
  const entities = new Map(rows.map((row) => [row.id, { ...row, extras: {} }]));
  const { rows: extras } = await platform.query(
    `
    SELECT x.entity_id AS id, x.key, x.value
    FROM analytics.model m
    JOIN analytics.entities e USING (model_id)
    JOIN (
      SELECT model_id, entity_id, key, value FROM analytics.extras_text
      UNION ALL SELECT model_id, entity_id, key, trim_scale(value)::text FROM analytics.extras_num
      UNION ALL SELECT model_id, entity_id, key, value::text FROM analytics.extras_bool
      UNION ALL SELECT model_id, entity_id, key, trim_scale(extract(epoch FROM value))::text
      FROM analytics.extras_time
    ) x USING (model_id, entity_id)
    WHERE m.source_id = $1 AND m.state = 'live' AND e.table_name = $2
    `,
    [sourceId, table],
  );
  for (const { id, key, value } of extras) entities.get(id).extras[key] = value;
  return [...entities.values()];
}

/** What one row should look like as an entity. */
function expectedEntity(row, mapping) {
  const extras = {};
  for (const column of mapping.extras) {
    if (row.canonical[column] !== null) {
      extras[column.replace(/[.:\\]/g, "\\$&")] = row.canonical[column];
    }
  }
  const name = mapping.name === null ? null : row.text[mapping.name];
  const key = mapping.id.length === 0 ? null : keyOf(mapping.id.map((column) => row.text[column]));
  const at = mapping.parent?.columns.map((column) => row.text[column]);
  return {
    key,
    extras,
    ...(mapping.entity === "device" && {
      device: name ?? key,
      at: at === undefined || at.includes(null) ? null : keyOf(at),
    }),
    ...(mapping.entity === "site" && { site: name ?? key }),
  };
}

const asText = ({ key, extras, device, site, at }, keyed) =>
  JSON.stringify([
    keyed ? key : null,
    device ?? null,
    site ?? null,
    at ?? null,
    Object.entries(extras).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);

function minutesOf(mapping, types, table) {
  const device = mapping.parent.columns;
  if (device.length !== 1) throw new Error(`${table}: a device of several columns`);
  const readings = mapping.tall
    ? [[`${quoted(mapping.metric)}::text`, quoted(mapping.value)]]
    : mapping.values.map(({ key, column }) => [`'${key.replaceAll("'", "''")}'`, quoted(column)]);
  const time = quoted(mapping.time);
  const at = types.get(mapping.time) === "timestamptz" ? time : `${time} AT TIME ZONE 'UTC'`;
  return readings
    .map(
      ([metric, value]) => `
        SELECT ${quoted(device[0])}::text AS device, ${metric} AS metric,
          date_trunc('minute', ${at}) AS minute, ${value}::numeric AS value
        FROM ${tableName(table)} WHERE ${value} IS NOT NULL AND ${quoted(device[0])} IS NOT NULL`,
    )
    .join(" UNION ALL ");
}

const MINUTE = (device, metric, minute, count, sum, min, max) => `
  format('%s %s %s', ${device}, ${metric}, extract(epoch FROM ${minute})::bigint) AS key,
  format('%s values, sum %s, min %s, max %s', ${count}, trim_scale(${sum}), trim_scale(${min}),
    trim_scale(${max})) AS value`;

async function expectedMinutes(customer, table, mapping, types) {
  const { rows } = await customer.query(`
    SELECT ${MINUTE("device", "metric", "minute", "count(*)", "sum(value)", "min(value)", "max(value)")}
    FROM (${minutesOf(mapping, types, table)}) readings GROUP BY device, metric, minute`);
  return rows.map(({ key, value }) => `${key}: ${value}`);
}

async function shownMinutes(platform, sourceId, metrics) {
  const { rows } = await platform.query(
    `
    SELECT ${MINUTE("d.key", "k.key", "x.bucket", "x.value_count", "x.value_sum", "x.value_min", "x.value_max")}
    FROM analytics.model m
    JOIN analytics.series s USING (model_id)
    JOIN analytics.metric_key k USING (metric_id)
    JOIN analytics.devices d ON d.model_id = m.model_id AND d.device_id = s.device_id
    JOIN analytics.metrics_min x USING (series_id)
    WHERE m.source_id = $1 AND m.state = 'live' AND ($2::text[] IS NULL OR k.key = ANY ($2))
    `,
    [sourceId, metrics],
  );
  return rows.map(({ key, value }) => `${key}: ${value}`);
}

/** What is in one list and not in the other, as often as it is. */
function differences(expected, shown) {
  const counts = new Map();
  for (const each of expected) counts.set(each, (counts.get(each) ?? 0) + 1);
  for (const each of shown) counts.set(each, (counts.get(each) ?? 0) - 1);
  return [...counts]
    .filter(([, count]) => count !== 0)
    .map(([each, count]) => `${count > 0 ? "missing" : "too much"}: ${each.slice(0, 300)}`);
}

/**
 * @returns {Promise<{table: string, entity: string, rows: number, shown: number,
 *   differences: string[]}[]>} a line for each table
 */
export async function compare(customer, platform, sourceId) {
  const { rows: mapped } = await platform.query(
    `
    SELECT DISTINCT ON (table_name) table_name, mapping FROM control.source_table
    WHERE source_id = $1 ORDER BY table_name, schema_version DESC
    `,
    [sourceId],
  );
  const report = [];
  for (const { table_name: table, mapping: stored } of mapped) {
    const mapping = { ...stored, entity: stored.entity.toLowerCase(), tall: stored.metric != null };
    const types = await columnTypes(customer, table);
    let expected;
    let shown;
    let rows;
    if (mapping.entity === "metric") {
      if (mapping.parent == null) throw new Error(`${table}: readings of no device`);
      expected = await expectedMinutes(customer, table, mapping, types);
      const metrics = mapping.tall ? null : mapping.values.map(({ key }) => key);
      shown = await shownMinutes(platform, sourceId, metrics);
      rows = Number((await customer.query(`SELECT count(*) FROM ${tableName(table)}`)).rows[0].count);
    } else {
      const keyed = mapping.id.length > 0;
      const all = await sourceRows(customer, table, types);
      rows = all.length;
      expected = all.map((row) => asText(expectedEntity(row, mapping), keyed));
      shown = (await shownEntities(platform, sourceId, table)).map((row) => asText(row, keyed));
    }
    report.push({
      table,
      entity: mapping.entity,
      rows,
      shown: shown.length,
      differences: differences(expected, shown),
    });
  }
  return report;
}
