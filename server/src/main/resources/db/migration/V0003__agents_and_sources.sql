-- Agents, the codes that pair them, their sources, and how far each source has come.
-- People act through clarity_tenant under their tenant's policies; the gateway and ingest through clarity_service.

CREATE TABLE control.agent (
  agent_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  version text NOT NULL,
  paired_at timestamptz NOT NULL,
  last_seen_at timestamptz,
  certificate_serial text NOT NULL,
  certificate_expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_by uuid
);
CREATE INDEX agent_tenant ON control.agent (tenant_id, paired_at);
CREATE INDEX agent_revoked ON control.agent (revoked_at) WHERE revoked_at IS NOT NULL;
ALTER TABLE control.agent ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.agent FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.agent TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, UPDATE (revoked_at, revoked_by) ON control.agent TO clarity_tenant;
GRANT SELECT, INSERT ON control.agent TO clarity_service;
GRANT UPDATE (version, certificate_serial, certificate_expires_at, last_seen_at) ON control.agent TO clarity_service;

-- Only the hash of a code's secret is kept.
CREATE TABLE control.pairing_code (
  pairing_code_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  secret_hash bytea NOT NULL UNIQUE,
  agent_name text,
  created_at timestamptz NOT NULL,
  created_by uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  agent_id uuid REFERENCES control.agent
);
CREATE INDEX pairing_code_tenant ON control.pairing_code (tenant_id, created_at);
ALTER TABLE control.pairing_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.pairing_code FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.pairing_code TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
-- Never the agent, which it gets when it is used.
GRANT SELECT, INSERT (pairing_code_id, tenant_id, secret_hash, agent_name, created_at, created_by, expires_at)
  ON control.pairing_code TO clarity_tenant;
GRANT SELECT, UPDATE (used_at, agent_id) ON control.pairing_code TO clarity_service;

-- A source keeps its partition for an epoch; the session is the agent's newest stream.
CREATE TABLE control.source (
  source_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  agent_id uuid NOT NULL REFERENCES control.agent,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  kind text NOT NULL CHECK (kind IN ('postgresql')),
  fingerprint text NOT NULL,
  server_version text NOT NULL,
  partition integer NOT NULL CHECK (partition >= 0),
  epoch integer NOT NULL DEFAULT 1 CHECK (epoch >= 1),
  session bigint NOT NULL DEFAULT 0,
  acknowledge text NOT NULL DEFAULT 'bronze' CHECK (acknowledge IN ('bronze', 'spool')),
  created_at timestamptz NOT NULL,
  -- Taken off its agent: kept with all that came of it, and no stream of it is taken any more.
  removed_at timestamptz,
  -- So that what people order for a source names its tenant too, and cannot name another's.
  UNIQUE (tenant_id, source_id)
);
-- A name is free again once its source was removed: it may be given to another database then.
CREATE UNIQUE INDEX source_name ON control.source (agent_id, name) WHERE removed_at IS NULL;
CREATE INDEX source_agent ON control.source (agent_id);
CREATE INDEX source_tenant ON control.source (tenant_id, created_at);
ALTER TABLE control.source ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.source FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.source TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT ON control.source TO clarity_tenant;
GRANT SELECT, INSERT ON control.source TO clarity_service;
GRANT UPDATE (acknowledge) ON control.source TO clarity_tenant;
-- Never the tenant: whose events they are comes from here.
GRANT UPDATE (agent_id, server_version, epoch, session, removed_at) ON control.source TO clarity_service;

-- What an agent last said of a source. Written for all sources at once, every second or so. The gateway that lost a
-- stream to another one may write later than that: the row is the newest session's.
CREATE TABLE control.source_status (
  source_id uuid PRIMARY KEY REFERENCES control.source,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  session bigint NOT NULL,
  state text NOT NULL,
  detail text NOT NULL,
  captured_seq bigint NOT NULL,
  spool_bytes bigint NOT NULL,
  spool_limit_bytes bigint NOT NULL,
  lag_bytes bigint NOT NULL,
  last_commit_at timestamptz,
  snapshot_tables_done integer,
  snapshot_tables_total integer,
  snapshot_rows bigint,
  position text NOT NULL,
  events_per_s real NOT NULL,
  reported_at timestamptz NOT NULL
) WITH (fillfactor = 60);
ALTER TABLE control.source_status ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.source_status FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.source_status FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT ON control.source_status TO clarity_tenant;
GRANT SELECT, INSERT, UPDATE ON control.source_status TO clarity_service;

-- Changes of a source that were not captured, as its agent told: all that committed up to from_position was captured,
-- and all from to_position on; either is null while it is not known. A snapshot repairs the read models, not the history.
CREATE TABLE control.source_gap (
  source_id uuid NOT NULL REFERENCES control.source,
  gap_id uuid NOT NULL,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  revision integer NOT NULL,
  cause text NOT NULL CHECK (cause IN ('slot_dropped', 'slot_moved', 'slot_invalidated', 'log_diverged', 'spool_lost',
    'publication_changed', 'log_undecodable', 'other')),
  words text NOT NULL,
  from_position text,
  to_position text,
  noticed_at timestamptz NOT NULL,
  repaired_at timestamptz,
  PRIMARY KEY (source_id, gap_id)
);
CREATE INDEX source_gap_list ON control.source_gap (source_id, noticed_at DESC, gap_id DESC);
ALTER TABLE control.source_gap ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.source_gap FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.source_gap FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT ON control.source_gap TO clarity_tenant;
GRANT SELECT, INSERT ON control.source_gap TO clarity_service;
GRANT UPDATE (revision, cause, words, from_position, to_position, repaired_at) ON control.source_gap TO clarity_service;

-- New snapshots that people have ordered, of some tables or (none named) of all. Said to the source's agent until it
-- tells that one has ended, until a person cancels it, or until it expires because no agent took it, or the one
-- that did says no more of it; one at a time for a source, so that what an agent has to be told is bounded.
CREATE TABLE control.source_snapshot (
  snapshot_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  source_id uuid NOT NULL,
  tables text[] NOT NULL,
  state text NOT NULL CHECK (state IN ('asked', 'running', 'done', 'failed', 'cancelled', 'expired')),
  reason text,
  tables_done integer NOT NULL DEFAULT 0,
  tables_total integer NOT NULL DEFAULT 0,
  requested_by uuid,
  requested_at timestamptz NOT NULL,
  started_at timestamptz,
  -- When its agent last said how it stands, give or take an hour.
  told_at timestamptz,
  ended_at timestamptz,
  FOREIGN KEY (tenant_id, source_id) REFERENCES control.source (tenant_id, source_id)
);
CREATE UNIQUE INDEX source_snapshot_open ON control.source_snapshot (source_id) WHERE ended_at IS NULL;
CREATE INDEX source_snapshot_list ON control.source_snapshot (source_id, requested_at DESC, snapshot_id DESC);
ALTER TABLE control.source_snapshot ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.source_snapshot FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.source_snapshot TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT (snapshot_id, tenant_id, source_id, tables, state, requested_by, requested_at),
  UPDATE (state, ended_at)
  ON control.source_snapshot TO clarity_tenant;
GRANT SELECT, UPDATE (state, reason, tables_done, tables_total, started_at, told_at, ended_at)
  ON control.source_snapshot TO clarity_service;

-- A version of a table's schema, and what its rows become. `schema` is the block's encoding, so that
-- bronze can be folded again with what was known then.
CREATE TABLE control.source_table (
  source_id uuid NOT NULL REFERENCES control.source,
  table_name text NOT NULL,
  schema_version integer NOT NULL CHECK (schema_version >= 1),
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  schema_fingerprint bigint NOT NULL,
  schema bytea NOT NULL,
  mapping jsonb NOT NULL,
  first_seq bigint NOT NULL,
  first_epoch integer NOT NULL,
  -- The event with which it came into force last, as an ordinal: of a table's versions the one with the greatest is in
  -- force. A definition that is taken back, and a table that is captured again, have a version that was known before.
  in_force_seq bigint NOT NULL,
  PRIMARY KEY (source_id, table_name, schema_version),
  UNIQUE (source_id, table_name, schema_fingerprint)
);
ALTER TABLE control.source_table ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.source_table FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.source_table FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT ON control.source_table TO clarity_tenant;
GRANT SELECT, INSERT, UPDATE (in_force_seq) ON control.source_table TO clarity_service;

-- The fence: the consumer of a partition writes only if it moves this forward from where it believes it stands.
CREATE TABLE control.checkpoint_partition (
  topic_id text NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (topic_id, partition)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE ON control.checkpoint_partition TO clarity_service;

-- How far a source is durable (bronze_seq) and folded (applied_seq), within its epoch.
-- digest is that of the batch that ends at bronze_seq; position is where the source may go on.
-- model_id is the model (analytics.model) that its events are folded into: part of the fence, so that whoever
-- exchanges it makes the consumer forget what it knew of the other one. 0 while none is folded into.
CREATE TABLE control.checkpoint_source (
  source_id uuid PRIMARY KEY REFERENCES control.source,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  model_id integer NOT NULL,
  epoch integer NOT NULL,
  session bigint NOT NULL,
  bronze_seq bigint NOT NULL,
  applied_seq bigint NOT NULL,
  digest bytea NOT NULL,
  position text NOT NULL,
  position_seq bigint NOT NULL,
  events_total bigint NOT NULL,
  last_commit_at timestamptz,
  last_captured_at timestamptz,
  updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);
ALTER TABLE control.checkpoint_source ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.checkpoint_source FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.checkpoint_source FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT ON control.checkpoint_source TO clarity_tenant;
GRANT SELECT, INSERT, UPDATE ON control.checkpoint_source TO clarity_service;

-- Events that could not be folded. Their raw form is in bronze; this says why, and shows a sample.
CREATE TABLE control.dead_letter (
  dead_letter_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  source_id uuid NOT NULL REFERENCES control.source,
  epoch integer NOT NULL,
  seq bigint NOT NULL,
  seq_end bigint NOT NULL,
  -- Epoch and last number in one, as in the read models.
  seq_ordinal bigint NOT NULL GENERATED ALWAYS AS ((CAST(epoch AS bigint) << 40) + seq_end) STORED,
  table_name text,
  row_key text,
  -- The row that a change of its key made that one of, where both are not folded any more: it is mended with both.
  row_key_before text,
  lsn text,
  cause text NOT NULL,
  sqlstate text,
  detail text NOT NULL,
  sample text NOT NULL,
  -- A batch that could not be decoded, as it came.
  batch bytea,
  at timestamptz NOT NULL,
  -- A range that was made to reach further, over events of which nothing is said.
  stretched boolean NOT NULL DEFAULT false,
  -- When what is shown held nothing of the failure any more: the row was mended or taken away at its source, its table
  -- was emptied or read again, or all tables were. Null while it is open.
  settled_at timestamptz,
  -- The model that found it again when it was built anew, and did not mend it: where that model is shown, it is open.
  found_by_model integer,
  -- Which person wants to see it no more, under the name of then: no event of its row can settle it.
  dismissed_at timestamptz,
  dismissed_by uuid,
  dismissed_by_name text,
  -- The same failure of the same row comes again with each epoch that brings the row again: by this people see one.
  -- A range is like no other; nor is a row that no key tells and of which the sample is cut: others begin alike.
  failure uuid NOT NULL GENERATED ALWAYS AS (
    CASE WHEN seq_end > seq OR table_name IS NULL OR row_key IS NULL AND octet_length(sample) >= 4000 THEN dead_letter_id
    ELSE CAST(md5(table_name || E'\n' || cause || E'\n' || coalesce(sqlstate, '') || E'\n'
      || coalesce('key ' || row_key, 'row ' || sample)) AS uuid) END) STORED,
  UNIQUE (source_id, epoch, seq)
);
CREATE INDEX dead_letter_failure ON control.dead_letter (source_id, failure, epoch);
CREATE INDEX dead_letter_tenant ON control.dead_letter (tenant_id, at DESC, dead_letter_id DESC);
CREATE INDEX dead_letter_source ON control.dead_letter (source_id, table_name);
CREATE INDEX dead_letter_at ON control.dead_letter (at);
-- Ranges are few, and each event that is found later to be refused is looked for among them.
CREATE INDEX dead_letter_range ON control.dead_letter (source_id, epoch, seq) WHERE seq_end > seq;
-- Whoever asks how exact a table is asks for what is missing here for good since a place. The place is a column, because
-- under row-level security no index over an expression that is not leakproof would be asked.
CREATE INDEX dead_letter_missing ON control.dead_letter (source_id, seq_ordinal)
  WHERE cause IN ('not_in_bronze', 'batch_corrupt');
ALTER TABLE control.dead_letter ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.dead_letter FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.dead_letter FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY own_dismissed ON control.dead_letter FOR UPDATE TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, UPDATE (dismissed_at, dismissed_by, dismissed_by_name) ON control.dead_letter TO clarity_tenant;
-- A range may reach further, and is open then; and that an event could not be folded takes the place of how it is stored.
GRANT SELECT, INSERT, UPDATE (seq_end, table_name, row_key, row_key_before, cause, sqlstate, detail, at, stretched, settled_at, found_by_model, dismissed_at, dismissed_by,
  dismissed_by_name), DELETE ON control.dead_letter TO clarity_service;

-- How many of a source's letters are gone, because they were too old or too many.
CREATE TABLE control.dead_letter_dropped (
  source_id uuid PRIMARY KEY REFERENCES control.source,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  letters bigint NOT NULL,
  -- The newest of them.
  newest_at timestamptz NOT NULL,
  dropped_at timestamptz NOT NULL
);
ALTER TABLE control.dead_letter_dropped ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.dead_letter_dropped FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.dead_letter_dropped FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT ON control.dead_letter_dropped TO clarity_tenant;
GRANT SELECT, INSERT, UPDATE ON control.dead_letter_dropped TO clarity_service;

-- The rows that a model does not fold any more, because an event of theirs could not be folded. It goes with its
-- model, so that a snapshot or a rebuild begins without.
CREATE TABLE control.quarantine (
  model_id integer NOT NULL,
  table_name text NOT NULL,
  row_key text NOT NULL,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  PRIMARY KEY (model_id, table_name, row_key)
);
ALTER TABLE control.quarantine ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.quarantine FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.quarantine FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT ON control.quarantine TO clarity_tenant;
GRANT SELECT, INSERT, DELETE ON control.quarantine TO clarity_service;
