-- What devices did, and when: a stop, a run, a state. A row of a captured table that is a session has one row here,
-- under the id of its entity; whatever else its columns say are extras of that entity.
CREATE TABLE analytics.sessions (
  tenant_id uuid NOT NULL,
  model_id integer NOT NULL,
  session_id uuid NOT NULL,
  source_id uuid NOT NULL,
  -- Null for what is no single device's, as a shift is, and where the row names none.
  device_id uuid,
  -- The site that the row itself names.
  site_id uuid,
  table_name text NOT NULL,
  -- What the device did; null if the row does not say.
  state text,
  reason text,
  started_at timestamptz NOT NULL,
  -- What the row says, be it before the start. Null while the session lasts, and always if the next row ends it.
  ended_at timestamptz,
  ends_by text NOT NULL CHECK (ends_by IN ('row', 'next')),
  -- The event that created the row: of two that start at one moment the younger comes later.
  born bigint NOT NULL,
  CHECK (ends_by = 'row' OR ended_at IS NULL),
  PRIMARY KEY (model_id, session_id)
);
-- A device's sessions, and everybody's, by time.
CREATE INDEX sessions_device ON analytics.sessions (model_id, device_id, started_at, session_id);
CREATE INDEX sessions_started ON analytics.sessions (model_id, started_at, session_id);
-- Those that began before a time and reach into it.
CREATE INDEX sessions_ends ON analytics.sessions (model_id, device_id, ended_at) WHERE ends_by = 'row';
-- The row that ends a state.
CREATE INDEX sessions_next ON analytics.sessions (model_id, device_id, table_name, started_at, born)
  WHERE ends_by = 'next';

ALTER TABLE analytics.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON analytics.sessions FOR SELECT TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant())
         AND model_id = ANY ((SELECT analytics.live_models())::int[]));
GRANT SELECT ON analytics.sessions TO clarity_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON analytics.sessions TO clarity_service;

-- Sessions with the end that they have: that of a state is the start of the device's next one in the same table. It
-- is looked up when it is read, so that a row that comes late, changes or goes moves no other row. The policies are
-- those of whoever asks.
CREATE VIEW analytics.session_intervals WITH (security_invoker = true) AS
SELECT s.tenant_id, s.model_id, s.session_id, s.source_id, s.device_id, s.site_id, s.table_name, s.state, s.reason,
  s.started_at,
  CASE s.ends_by
    WHEN 'row' THEN s.ended_at
    ELSE (SELECT n.started_at
          FROM analytics.sessions n
          WHERE n.ends_by = 'next' AND n.model_id = s.model_id AND n.device_id = s.device_id
            AND n.table_name = s.table_name AND (n.started_at, n.born) > (s.started_at, s.born)
          ORDER BY n.started_at, n.born
          LIMIT 1)
  END AS ended_at,
  s.ends_by, s.born
FROM analytics.sessions s;
GRANT SELECT ON analytics.session_intervals TO clarity_tenant, clarity_service;
