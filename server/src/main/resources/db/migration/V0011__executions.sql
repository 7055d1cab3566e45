-- Executions: the open ones, the history, and who works on them.
--
-- An execution is inserted open and, when it ends, moves to the history in one statement: DELETE and INSERT. The
-- open ones are few and narrow; the history is only ever inserted into, and dropped by the day. Ids are UUIDv7, so
-- that a day of executions, of their logs and of their bodies is a range of ids.
--
-- clarity_engine works for all tenants; with a tenant named to the transaction it is held to that one, as in
-- whatever a person asks for.

-- A process that works on executions. Its id is given once, so it is the fence: who was declared ended can neither
-- take anything in nor write anything more, and comes back under another id.
CREATE TABLE maestro.node (
  node_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  started_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON maestro.node TO clarity_engine;
GRANT SELECT ON maestro.node TO clarity_tenant;

-- How many of a tenant's executions a process may work on at once: what a plan allows is shared out in these rows,
-- which end with their process, so that nothing leaks.
CREATE TABLE maestro.tenant_slots (
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  node_id integer NOT NULL REFERENCES maestro.node ON DELETE CASCADE,
  slots integer NOT NULL CHECK (slots >= 0),
  wanted integer NOT NULL CHECK (wanted >= 0),
  PRIMARY KEY (tenant_id, node_id)
);
ALTER TABLE maestro.tenant_slots ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.tenant_slots FORCE ROW LEVEL SECURITY;
CREATE POLICY engine ON maestro.tenant_slots TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()))
  WITH CHECK ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON maestro.tenant_slots TO clarity_engine;

CREATE TABLE maestro.execution (
  execution_id uuid NOT NULL,
  ended boolean NOT NULL,
  tenant_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  version integer NOT NULL,
  status text NOT NULL,
  trigger_type text NOT NULL,
  trigger_key text,
  name text,
  -- lower(name): a generated column would be parsed anew for each group of entries.
  name_key text,
  correlation_key text,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz,
  -- Of an ended one: 'success', 'canceled', or the code of the error that ended it, at which step, in words.
  outcome text,
  outcome_step text,
  outcome_message text,
  -- The execution whose keys the effects carry: a retry without changes goes on under the first one's.
  effects_of uuid NOT NULL,
  -- Of a retry or a changed run: the execution it stems from, and where it begins.
  origin_id uuid,
  from_step text,
  started_by uuid,
  steps_done integer NOT NULL,
  worker_us bigint NOT NULL,
  -- Who works on it; every claim raises the epoch, and every write carries it.
  node_id integer,
  lease_epoch integer NOT NULL,
  -- How many processes were lost while they held it: what ends its process again and again is not run for ever.
  takeovers integer NOT NULL DEFAULT 0,
  -- When it may go on, and what it waits for.
  ready_at timestamptz,
  waiting_for text,
  deadline_at timestamptz,
  -- One check: each is parsed anew for each group of entries.
  CHECK (CASE WHEN ended THEN status IN ('success', 'failed', 'canceled') AND finished_at IS NOT NULL AND outcome IS NOT NULL
         ELSE status IN ('pending', 'running', 'waiting') AND finished_at IS NULL AND outcome IS NULL
           AND ready_at IS NOT NULL AND (status = 'running') = (node_id IS NOT NULL) END)
) PARTITION BY LIST (ended);

CREATE TABLE maestro.execution_open PARTITION OF maestro.execution (PRIMARY KEY (execution_id)) FOR VALUES IN (false)
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
-- Those that wait for a process, each tenant's in their order: what is claimed is above what was claimed last.
CREATE INDEX execution_open_ready ON maestro.execution_open (tenant_id, ready_at, execution_id) WHERE node_id IS NULL;

-- Lists: one tenant's backlog is not walked through for another.
CREATE INDEX execution_open_tenant ON maestro.execution_open (tenant_id, execution_id DESC);

-- The key is the list of a tenant's, too: one index fewer to keep for each execution.
CREATE TABLE maestro.execution_ended PARTITION OF maestro.execution (PRIMARY KEY (tenant_id, execution_id)) FOR VALUES IN (true)
  PARTITION BY RANGE (execution_id);
CREATE INDEX execution_ended_workflow ON maestro.execution_ended (workflow_id, execution_id DESC);
-- What is looked for is mostly what failed; what went well has none of these to keep.
CREATE INDEX execution_ended_unsuccessful ON maestro.execution_ended (tenant_id, status, execution_id DESC) WHERE status <> 'success';
CREATE INDEX execution_ended_unsuccessful_workflow ON maestro.execution_ended (workflow_id, status, execution_id DESC)
  WHERE status <> 'success';
CREATE INDEX execution_ended_error ON maestro.execution_ended (tenant_id, outcome, execution_id DESC) WHERE status <> 'success';
-- Most have come by webhook.
CREATE INDEX execution_ended_trigger ON maestro.execution_ended (tenant_id, trigger_type, execution_id DESC)
  WHERE trigger_type <> 'webhook';
CREATE INDEX execution_ended_correlation ON maestro.execution_ended (tenant_id, correlation_key, execution_id DESC)
  WHERE correlation_key IS NOT NULL;
-- A column of its own: lower() is not leakproof, so under a policy no index on it would be used.
-- The policy asks whether it ended; with that in the index no row is read to find the newest of many names.
CREATE INDEX execution_ended_name ON maestro.execution_ended (tenant_id, name_key text_pattern_ops, execution_id DESC)
  INCLUDE (ended) WHERE name_key IS NOT NULL;
CREATE INDEX execution_ended_origin ON maestro.execution_ended (origin_id) WHERE origin_id IS NOT NULL;

ALTER TABLE maestro.execution ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.execution FORCE ROW LEVEL SECURITY;
-- The first id that the tenant's plan still keeps. What has ended before is hidden at once, whenever it is deleted;
-- what is open is seen, however long it takes.
CREATE FUNCTION maestro.first_kept() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT bronze.first_id_of((now() AT TIME ZONE 'UTC')::date - p.log_retention_days)
  FROM control.dim_tenant d JOIN control.plan p USING (plan)
  WHERE d.tenant_id = control.current_tenant() $$;
REVOKE ALL ON FUNCTION maestro.first_kept() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION maestro.first_kept() TO clarity_tenant;
CREATE POLICY own ON maestro.execution FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant())
         AND (NOT ended OR execution_id >= (SELECT maestro.first_kept())));
CREATE POLICY engine ON maestro.execution TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()))
  WITH CHECK ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT ON maestro.execution TO clarity_tenant, clarity_engine;
-- The engine writes the leaves straight.
ALTER TABLE maestro.execution_open ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.execution_open FORCE ROW LEVEL SECURITY;
CREATE POLICY engine ON maestro.execution_open TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()))
  WITH CHECK ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON maestro.execution_open TO clarity_engine;
ALTER TABLE maestro.execution_ended ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.execution_ended FORCE ROW LEVEL SECURITY;
CREATE POLICY engine ON maestro.execution_ended TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()))
  WITH CHECK ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
-- It deletes what a tenant's plan no longer keeps.
GRANT SELECT, INSERT, DELETE ON maestro.execution_ended TO clarity_engine;

-- What an execution did, in order: its journal, from which it goes on after a crash, and its log for people. The
-- first entry is what the trigger brought. What a step answered is recorded as it is, save for secrets, which are
-- taken out before; people see the glimpses, from which the fields that a workflow names are taken out too.
CREATE TABLE maestro.execution_log (
  execution_id uuid NOT NULL,
  log_id integer NOT NULL,
  tenant_id uuid NOT NULL,
  "timestamp" timestamptz NOT NULL,
  level text NOT NULL CHECK (level IN ('info', 'warn', 'error')),
  kind text NOT NULL,
  step text,
  attempt integer,
  message text NOT NULL,
  duration_us bigint,
  input_glimpse text,
  -- Null with a recorded answer: the same.
  output_glimpse text,
  -- JSON; large ones lie apart.
  recorded text,
  recorded_bytes integer,
  PRIMARY KEY (execution_id, log_id)
) PARTITION BY RANGE (execution_id);
CREATE TABLE maestro.execution_body (
  execution_id uuid NOT NULL,
  log_id integer NOT NULL,
  tenant_id uuid NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (execution_id, log_id)
) PARTITION BY RANGE (execution_id);
ALTER TABLE maestro.execution_body ALTER COLUMN body SET COMPRESSION pglz;
ALTER TABLE maestro.execution_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.execution_log FORCE ROW LEVEL SECURITY;
ALTER TABLE maestro.execution_body ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.execution_body FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON maestro.execution_log FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant())
         AND (execution_id >= (SELECT maestro.first_kept())
              OR EXISTS (SELECT FROM maestro.execution e
                         WHERE e.execution_id = execution_log.execution_id AND NOT e.ended)));
CREATE POLICY engine ON maestro.execution_log TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()))
  WITH CHECK ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
CREATE POLICY own ON maestro.execution_body FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant())
         AND (execution_id >= (SELECT maestro.first_kept())
              OR EXISTS (SELECT FROM maestro.execution e
                         WHERE e.execution_id = execution_body.execution_id AND NOT e.ended)));
CREATE POLICY engine ON maestro.execution_body TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()))
  WITH CHECK ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT ON maestro.execution_log, maestro.execution_body TO clarity_tenant;
GRANT SELECT, INSERT, DELETE ON maestro.execution_log, maestro.execution_body TO clarity_engine;

-- What became of executions, on its way to Kafka: one row for all that was committed at once.
CREATE TABLE maestro.execution_outbox (
  outbox_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  node_id integer NOT NULL,
  events bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
-- Who writes it has compressed it.
ALTER TABLE maestro.execution_outbox ALTER COLUMN events SET STORAGE EXTERNAL;
GRANT SELECT, INSERT, DELETE ON maestro.execution_outbox TO clarity_engine;

-- Day leaves, as bronze has them: the owner's function makes them apart, seals them, and attaches them.
CREATE FUNCTION maestro.create_day(day date) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  parent text;
  leaf text;
  low uuid := bronze.first_id_of(day);
  high uuid := bronze.first_id_of(day + 1);
BEGIN
  IF day NOT BETWEEN date '2000-01-01' AND date '2200-01-01' THEN
    RAISE EXCEPTION 'no partition of executions for %', day USING ERRCODE = '22008';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('maestro.create_day', 0));
  IF to_regclass('maestro.execution_log_' || to_char(day, 'YYYYMMDD')) IS NOT NULL THEN
    RETURN false;
  END IF;
  FOREACH parent IN ARRAY ARRAY['execution_ended', 'execution_log', 'execution_body'] LOOP
    leaf := parent || '_' || to_char(day, 'YYYYMMDD');
    EXECUTE format('CREATE TABLE maestro.%I (LIKE maestro.%I INCLUDING ALL)', leaf, parent);
    EXECUTE format('ALTER TABLE maestro.%I ENABLE ROW LEVEL SECURITY', leaf);
    EXECUTE format('ALTER TABLE maestro.%I FORCE ROW LEVEL SECURITY', leaf);
    EXECUTE format('ALTER TABLE maestro.%I ADD CONSTRAINT day_bound CHECK (execution_id >= %L AND execution_id < %L)', leaf, low, high);
    EXECUTE format('ALTER TABLE maestro.%I ATTACH PARTITION maestro.%I FOR VALUES FROM (%L) TO (%L)', parent, leaf, low, high);
    EXECUTE format('ALTER TABLE maestro.%I DROP CONSTRAINT day_bound', leaf);
  END LOOP;
  RETURN true;
END $$;

-- Drops a day whose term is over. What is still open keeps its day.
CREATE FUNCTION maestro.drop_day(day date) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  parent text;
BEGIN
  IF day > current_date - 2 THEN
    RAISE EXCEPTION 'the day % is too young to be dropped', day USING ERRCODE = '22008';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('maestro.create_day', 0));
  IF EXISTS (SELECT FROM maestro.execution_open
             WHERE execution_id >= bronze.first_id_of(day) AND execution_id < bronze.first_id_of(day + 1)) THEN
    RETURN false;
  END IF;
  FOREACH parent IN ARRAY ARRAY['execution_body', 'execution_log', 'execution_ended'] LOOP
    EXECUTE format('DROP TABLE IF EXISTS maestro.%I', parent || '_' || to_char(day, 'YYYYMMDD'));
  END LOOP;
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION maestro.create_day(date), maestro.drop_day(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION maestro.create_day(date), maestro.drop_day(date) TO clarity_engine;
-- The owner is held to the policies as well, so it needs one to see what is open.
CREATE POLICY owner_looks ON maestro.execution_open FOR SELECT TO clarity_migrator USING (true);
GRANT EXECUTE ON FUNCTION bronze.first_id_of(date) TO clarity_engine;
