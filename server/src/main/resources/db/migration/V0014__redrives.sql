-- Redrives: many executions that failed are tried again, at a rate. A person asks for one; a process of the engine works
-- through it, one at a time, oldest first.
CREATE TABLE maestro.redrive (
  redrive_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  filter jsonb NOT NULL,
  per_s integer NOT NULL CHECK (per_s > 0),
  state text NOT NULL CHECK (state IN ('running', 'done', 'canceled')),
  -- How many matched when it was asked for, and is to be tried at most.
  matched integer NOT NULL CHECK (matched >= 0),
  started integer NOT NULL DEFAULT 0,
  -- Those that were retried since, and those that cannot be.
  skipped integer NOT NULL DEFAULT 0,
  -- All up to this execution are done; none from before_id on is looked at, so that no retry is redriven by its own.
  cursor_id uuid NOT NULL,
  before_id uuid NOT NULL,
  -- The portion that is under way: up to which execution, and the time that the ids of its retries are made from. Who
  -- takes it up again after a crash makes the same ids.
  portion_id uuid,
  portion_at timestamptz,
  -- What the rate is reckoned from.
  worked_at timestamptz NOT NULL,
  created_by uuid REFERENCES control.user_account,
  created_at timestamptz NOT NULL,
  ended_at timestamptz,
  CHECK ((portion_id IS NULL) = (portion_at IS NULL)),
  CHECK ((state = 'running') = (ended_at IS NULL))
);
CREATE INDEX redrive_list ON maestro.redrive (tenant_id, redrive_id DESC);
CREATE INDEX redrive_running ON maestro.redrive (redrive_id) WHERE state = 'running';
ALTER TABLE maestro.redrive ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.redrive FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON maestro.redrive TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY engine ON maestro.redrive TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()))
  WITH CHECK ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT, UPDATE (state, ended_at) ON maestro.redrive TO clarity_tenant;
GRANT SELECT, DELETE,
  UPDATE (state, started, skipped, cursor_id, portion_id, portion_at, worked_at, ended_at)
  ON maestro.redrive TO clarity_engine;

-- Whether an execution was retried is asked of the open ones too.
CREATE INDEX execution_open_origin ON maestro.execution_open (origin_id) WHERE origin_id IS NOT NULL;
