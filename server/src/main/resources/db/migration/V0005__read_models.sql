-- What the materializer builds, and nothing else writes. No foreign keys, triggers or clocks here: a row follows
-- from bronze alone. No row belongs to two sources, so that partitions never wait for one another.
-- Columns called …_seq hold epoch and number in one (epoch * 2^40 + seq), so that a later epoch follows an earlier one.

-- Everything but the dictionaries belongs to a model: one building of a source's read models, from an event on.
-- People see the live one. Another is built aside by a repeated snapshot or a rebuild, and takes its place by an
-- exchange of states; a retired one is deleted in the background. Nothing refers to it by a foreign key, because
-- numbers of series are handed out before the transaction that needs them.
CREATE TABLE analytics.model (
  model_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id uuid NOT NULL,
  source_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('live', 'building', 'retired')),
  purpose text NOT NULL CHECK (purpose IN ('first', 'snapshot', 'rebuild')),
  -- The event that it begins with, and the last one that was folded into it from bronze.
  first_epoch integer NOT NULL,
  first_seq bigint NOT NULL,
  applied_epoch integer NOT NULL,
  applied_seq bigint NOT NULL,
  -- Since when ingest has not folded into it, because too many of the source's events were refused: it follows
  -- from bronze, behind applied_seq.
  detached_at timestamptz,
  -- Who folds it from bronze, and until when nobody else may.
  worker uuid,
  worker_until timestamptz,
  -- Minutes of hours before this one lie side by side, series by series, and of its own those of the series up to
  -- packed_series; null before anybody has looked.
  packed_until timestamptz,
  packed_series integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX model_live ON analytics.model (source_id) WHERE state = 'live';
-- Whoever makes the model of a repeated snapshot a second time finds the first.
CREATE UNIQUE INDEX model_snapshot ON analytics.model (source_id, first_epoch, first_seq) WHERE purpose = 'snapshot';
CREATE INDEX model_source ON analytics.model (source_id);
CREATE INDEX model_tenant ON analytics.model (tenant_id) WHERE state = 'live';
CREATE INDEX model_detached ON analytics.model (model_id) WHERE detached_at IS NOT NULL;
CREATE INDEX model_retired ON analytics.model (model_id) WHERE state = 'retired';

-- The models that the current tenant sees. The policies ask it once a statement; as an array it is the condition
-- of an index.
CREATE FUNCTION analytics.live_models() RETURNS integer[]
  LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT coalesce(array_agg(model_id ORDER BY model_id), '{}')
        FROM analytics.model WHERE tenant_id = control.current_tenant() AND state = 'live' $$;
REVOKE ALL ON FUNCTION analytics.live_models() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION analytics.live_models() TO clarity_tenant, clarity_service;

-- A dictionary of names that readings use. Numbers are handed out in small transactions of their own.
CREATE TABLE analytics.metric_key (
  metric_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id uuid NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  name text NOT NULL,
  unit text NOT NULL,
  UNIQUE (tenant_id, key)
);

CREATE TABLE analytics.entities (
  tenant_id uuid NOT NULL,
  model_id integer NOT NULL,
  entity_id uuid NOT NULL,
  source_id uuid NOT NULL,
  table_name text NOT NULL,
  key text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('site', 'device', 'row')),
  -- The event that created the row that describes it; 0, and no table, if other rows only name it.
  born bigint NOT NULL,
  PRIMARY KEY (model_id, entity_id)
);

CREATE TABLE analytics.sites (
  tenant_id uuid NOT NULL,
  model_id integer NOT NULL,
  site_id uuid NOT NULL,
  source_id uuid NOT NULL,
  key text NOT NULL,
  name text NOT NULL,
  PRIMARY KEY (model_id, site_id)
);

-- The order of names that people count in: Press 2 comes before Press 10.
CREATE COLLATION analytics.by_number (provider = icu, locale = 'und-u-kn-true');

-- A device may be known by its readings before its own row has come: it is then called by its key.
CREATE TABLE analytics.devices (
  tenant_id uuid NOT NULL,
  model_id integer NOT NULL,
  device_id uuid NOT NULL,
  source_id uuid NOT NULL,
  site_id uuid,
  key text NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  described boolean NOT NULL,
  -- Whether its own row says where it is, be it nowhere; otherwise its newest reading may.
  placed boolean NOT NULL,
  PRIMARY KEY (model_id, device_id)
);
CREATE INDEX devices_site ON analytics.devices (model_id, site_id);

-- One metric of one device in one model. Its number keeps the rows of metrics_min narrow.
CREATE TABLE analytics.series (
  series_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id uuid NOT NULL,
  model_id integer NOT NULL,
  device_id uuid NOT NULL,
  metric_id integer NOT NULL,
  UNIQUE (model_id, device_id, metric_id)
);
CREATE INDEX series_metric ON analytics.series (metric_id, model_id);
-- A retired model is deleted series by series.
CREATE INDEX series_model ON analytics.series (model_id, series_id);

-- A minute of a series. Sums are numeric: those of floats depend on their order. "Last" is by (time of the reading,
-- birth of its row). Numbers have no zeros behind the point that say nothing: equal readings give equal bytes.
-- Each row is moved once, when its hour is over, and what it leaves behind is room again after a vacuum. By default that
-- comes when a fifth of the table is such; then a large one would be a fifth larger than its rows. A vacuum reads the
-- pages changed since the last, and the whole index, so not much more often either.
CREATE TABLE analytics.metrics_min (
  series_id integer NOT NULL,
  bucket timestamptz NOT NULL,
  tenant_id uuid NOT NULL,
  value_count integer NOT NULL,
  nan_count integer NOT NULL,
  inf_count integer NOT NULL,
  value_sum numeric NOT NULL,
  value_min numeric,
  value_max numeric,
  value_last numeric,
  last_at timestamptz NOT NULL,
  last_seq bigint NOT NULL,
  PRIMARY KEY (series_id, bucket)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE analytics.extras_text (
  tenant_id uuid NOT NULL, model_id integer NOT NULL, entity_id uuid NOT NULL, key text NOT NULL, value text NOT NULL,
  PRIMARY KEY (model_id, entity_id, key)
);
CREATE TABLE analytics.extras_num (
  tenant_id uuid NOT NULL, model_id integer NOT NULL, entity_id uuid NOT NULL, key text NOT NULL, value numeric NOT NULL,
  -- Where the number stands among others, as nearly as a double tells. Comparing numerics is not leakproof, so under
  -- row-level security no index over them could answer a range; comparing doubles is.
  place double precision NOT NULL GENERATED ALWAYS AS (
    CASE WHEN value = 'NaN' THEN 'NaN'::double precision
         WHEN value > 1e308 THEN 'Infinity'::double precision
         WHEN value < -1e308 THEN '-Infinity'::double precision
         WHEN abs(value) < 1e-300 THEN 0 ELSE value::double precision END) STORED,
  PRIMARY KEY (model_id, entity_id, key)
);
CREATE TABLE analytics.extras_bool (
  tenant_id uuid NOT NULL, model_id integer NOT NULL, entity_id uuid NOT NULL, key text NOT NULL, value boolean NOT NULL,
  PRIMARY KEY (model_id, entity_id, key)
);
CREATE TABLE analytics.extras_time (
  tenant_id uuid NOT NULL, model_id integer NOT NULL, entity_id uuid NOT NULL, key text NOT NULL, value timestamptz NOT NULL,
  PRIMARY KEY (model_id, entity_id, key)
);

-- The keys that the extras of one captured table may have, in the order they were admitted.
CREATE TABLE analytics.extras_key (
  tenant_id uuid NOT NULL,
  source_id uuid NOT NULL,
  table_name text NOT NULL,
  slot integer NOT NULL CHECK (slot BETWEEN 0 AND 1999),
  path text NOT NULL,
  PRIMARY KEY (tenant_id, source_id, table_name, slot)
);

-- Of how many entities a key of a table's extras has a value of which type. It follows from the extras by counting, so
-- it is kept by what a batch adds and takes away; a key that no entity has is not there. "mixed" is what people call a
-- conflict: one key, several types.
CREATE TABLE analytics.extras_type (
  tenant_id uuid NOT NULL,
  model_id integer NOT NULL,
  table_name text NOT NULL,
  key text NOT NULL,
  texts bigint NOT NULL CHECK (texts >= 0),
  nums bigint NOT NULL CHECK (nums >= 0),
  bools bigint NOT NULL CHECK (bools >= 0),
  times bigint NOT NULL CHECK (times >= 0),
  mixed boolean NOT NULL GENERATED ALWAYS AS (
    (texts > 0)::int + (nums > 0)::int + (bools > 0)::int + (times > 0)::int > 1) STORED,
  PRIMARY KEY (model_id, table_name, key)
) WITH (fillfactor = 60);
-- Conflicts are few among the keys, and listed in this order.
CREATE INDEX extras_type_mixed ON analytics.extras_type (model_id, table_name, key) WHERE mixed;
-- In which tables a key is.
CREATE INDEX extras_type_key ON analytics.extras_type (model_id, key);

-- Searching by value, in order. Texts by their first 63 bytes: an index entry must be short, and the cast to name is
-- leakproof where left() is not.
CREATE INDEX extras_text_value ON analytics.extras_text (model_id, key, (value::name) COLLATE "C", entity_id);
CREATE INDEX extras_num_value ON analytics.extras_num (model_id, key, place, entity_id);
CREATE INDEX extras_bool_value ON analytics.extras_bool (model_id, key, value, entity_id);
CREATE INDEX extras_time_value ON analytics.extras_time (model_id, key, value, entity_id);
CREATE INDEX entities_table ON analytics.entities (model_id, table_name, entity_id);

-- What was captured of a table, and whether its read models follow from all of it.
CREATE TABLE analytics.table_state (
  tenant_id uuid NOT NULL,
  model_id integer NOT NULL,
  source_id uuid NOT NULL,
  table_name text NOT NULL,
  reads bigint NOT NULL,
  inserts bigint NOT NULL,
  updates bigint NOT NULL,
  deletes bigint NOT NULL,
  truncates bigint NOT NULL,
  -- How often the agent cleared it: to read it again beside the stream, or because it is captured no more. The
  -- newest time as an ordinal, or 0: as long as nothing came behind it, nobody can tell the two apart.
  clears bigint NOT NULL,
  cleared_seq bigint NOT NULL,
  -- What follows is said of the rows that are there: a row that is mended, emptied away or read again counts no more, or
  -- once. Rows that could not be folded; rows in quarantine, which are not as their last events left them; and events that
  -- could not be folded and are of no row that anybody could tell.
  failed bigint NOT NULL,
  -- Rows with values that an update left untouched and that were never told.
  rows_incomplete bigint NOT NULL,
  -- Readings whose time was no time: they stand at that of their commit.
  times_replaced bigint NOT NULL,
  -- Values beyond the limits on depth, elements, keys, length and digits: left out, cut, or kept as texts.
  extras_left_out bigint NOT NULL,
  -- Rows of a session table without a session: they do not say when.
  sessions_left_out bigint NOT NULL,
  -- The event that emptied it last and left nothing of before, as an ordinal, or 0: what went missing before it matters
  -- no more. How much is missing since is not counted here, because nobody can tell the tables of a batch that cannot be
  -- read: see the dead letters.
  emptied_seq bigint NOT NULL DEFAULT 0,
  -- Whether it follows from all that was folded, be it stored here or not.
  exact boolean NOT NULL,
  -- Whether, since the table was emptied last, a row came of a table that told only its inserts, it had to be guessed
  -- which row an event meant, or rows came that refer to something else than those before by another foreign key.
  blind boolean NOT NULL,
  -- The version of the table that its newest event has, in control.source_table; 0 if no event told a column. A
  -- definition that is taken back is an earlier version again.
  schema_version integer NOT NULL,
  -- What becomes of deleted rows in this model. People may have chosen otherwise since.
  on_delete text NOT NULL CHECK (on_delete IN ('retract', 'keep')),
  -- Of the newest event that was folded; null and 0 as long as none could be.
  last_event_at timestamptz,
  last_seq bigint NOT NULL,
  PRIMARY KEY (model_id, table_name)
) WITH (fillfactor = 60);

-- A number for a chart. What no double holds is absent if it is too large, and zero if it is too small, instead of an
-- error.
CREATE FUNCTION analytics.to_float(value numeric) RETURNS double precision
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT CASE WHEN abs(value) BETWEEN 1e-300 AND 1.7976931348623157e308 THEN value::double precision
                    WHEN abs(value) < 1e-300 THEN 0 END $$;
REVOKE ALL ON FUNCTION analytics.to_float(numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION analytics.to_float(numeric) TO clarity_tenant, clarity_service;

-- metrics_min has no model of its own: it is reached through series.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['model', 'metric_key', 'entities', 'sites', 'devices', 'series', 'metrics_min',
                           'extras_text', 'extras_num', 'extras_bool', 'extras_time', 'extras_key',
                           'extras_type', 'table_state'] LOOP
    EXECUTE format('ALTER TABLE analytics.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE analytics.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own ON analytics.%I FOR SELECT TO clarity_tenant '
                   'USING (tenant_id = (SELECT control.current_tenant())%s)', t,
                   CASE WHEN t IN ('model', 'metric_key', 'metrics_min', 'extras_key') THEN ''
                        ELSE ' AND model_id = ANY ((SELECT analytics.live_models())::int[])' END);
    EXECUTE format('GRANT SELECT ON analytics.%I TO clarity_tenant', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON analytics.%I TO clarity_service', t);
  END LOOP;
END $$;

-- What a person wants in front on the overview.
CREATE TABLE control.metric_pin (
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  user_id uuid NOT NULL REFERENCES control.user_account,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  pinned_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id, key)
);
ALTER TABLE control.metric_pin ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.metric_pin FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.metric_pin TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()) AND user_id = (SELECT control.current_person()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()) AND user_id = (SELECT control.current_person()));
GRANT SELECT, INSERT, DELETE ON control.metric_pin TO clarity_tenant;
