-- Every captured change, raw, once. event_id is a UUIDv8 with the time of capture in front, so that a day
-- is a range of ids and a partition. The key holds (source, epoch, seq) behind the time: a conflict is an alarm.
CREATE TABLE bronze.cdc_events (
  event_id uuid NOT NULL PRIMARY KEY,
  tenant_id uuid NOT NULL,
  source_id uuid NOT NULL,
  epoch integer NOT NULL,
  seq bigint NOT NULL,
  op text NOT NULL,
  table_name text NOT NULL,
  schema_version integer NOT NULL,
  lsn text NOT NULL,
  event_time timestamptz NOT NULL,
  payload jsonb NOT NULL,
  ingest_time timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (event_id);
-- Reading a tenant's newest events, and a source's events in order (replay).
CREATE INDEX cdc_events_tenant ON bronze.cdc_events (tenant_id, event_id DESC);
CREATE INDEX cdc_events_seq ON bronze.cdc_events (source_id, epoch, seq);
ALTER TABLE bronze.cdc_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE bronze.cdc_events FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON bronze.cdc_events FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT ON bronze.cdc_events TO clarity_tenant;
GRANT SELECT, INSERT ON bronze.cdc_events TO clarity_service;

-- Day leaves are made while the server runs. clarity_service may not create tables, so the owner's function
-- does it: a leaf apart from its parent, sealed like it, then attached, which needs no exclusive lock on the
-- parent. No default partition: a day without a leaf is an error that ingest answers by making the leaf.
CREATE FUNCTION bronze.create_day(day date) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  leaf text := 'cdc_events_' || to_char(day, 'YYYYMMDD');
  low uuid := bronze.first_id_of(day);
  high uuid := bronze.first_id_of(day + 1);
BEGIN
  IF day NOT BETWEEN date '2000-01-01' AND date '2200-01-01' THEN
    RAISE EXCEPTION 'no bronze partition for %', day USING ERRCODE = '22008';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('bronze.create_day', 0));
  IF to_regclass('bronze.' || leaf) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE bronze.%I (LIKE bronze.cdc_events INCLUDING DEFAULTS INCLUDING INDEXES)', leaf);
  EXECUTE format('ALTER TABLE bronze.%I ENABLE ROW LEVEL SECURITY', leaf);
  EXECUTE format('ALTER TABLE bronze.%I FORCE ROW LEVEL SECURITY', leaf);
  -- The check spares ATTACH a scan; it is the partition's own bound afterwards.
  EXECUTE format('ALTER TABLE bronze.%I ADD CONSTRAINT day_bound CHECK (event_id >= %L AND event_id < %L)', leaf, low, high);
  EXECUTE format('ALTER TABLE bronze.cdc_events ATTACH PARTITION bronze.%I FOR VALUES FROM (%L) TO (%L)', leaf, low, high);
  EXECUTE format('ALTER TABLE bronze.%I DROP CONSTRAINT day_bound', leaf);
  -- Written straight by the ingest transaction, which knows the day; never by a tenant's role.
  EXECUTE format('GRANT SELECT, INSERT ON bronze.%I TO clarity_service', leaf);
  RETURN true;
END $$;

-- The smallest event id of a day: milliseconds since 1970 in the first 48 bits, as UUIDv7 and v8 have it.
CREATE FUNCTION bronze.first_id_of(day date) RETURNS uuid
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT (lpad(to_hex((extract(epoch FROM day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

REVOKE ALL ON FUNCTION bronze.create_day(date), bronze.first_id_of(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bronze.create_day(date), bronze.first_id_of(date) TO clarity_service;
GRANT EXECUTE ON FUNCTION bronze.first_id_of(date) TO clarity_tenant;
