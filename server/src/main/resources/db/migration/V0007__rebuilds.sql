-- A source's read models are built anew from bronze, aside, because a person asked for it, or because a snapshot was
-- taken again and deleted rows are kept, which no snapshot holds.
-- One at a time for a source; the request stays as what happened.
CREATE TABLE control.rebuild (
  rebuild_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  source_id uuid NOT NULL,
  -- The model it builds, once it has begun.
  model_id integer,
  state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'cancelled', 'replaced')),
  events_done bigint NOT NULL DEFAULT 0,
  events_total bigint,
  -- What it is held up by, in words; it goes on by itself when that is mended.
  problem text,
  -- The first event of the repeated snapshot that it belongs to, before which only tables whose deleted rows are kept
  -- are folded; null if a person asked for it. It is not shown before the snapshot has ended, with the last one.
  snapshot_epoch integer,
  snapshot_seq bigint,
  snapshot_ended_seq bigint,
  requested_by uuid,
  requested_at timestamptz NOT NULL,
  cancel_requested_at timestamptz,
  ended_at timestamptz,
  CHECK ((snapshot_epoch IS NULL) = (snapshot_seq IS NULL)),
  CHECK (snapshot_epoch IS NOT NULL OR snapshot_ended_seq IS NULL),
  FOREIGN KEY (tenant_id, source_id) REFERENCES control.source (tenant_id, source_id)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX rebuild_open ON control.rebuild (source_id) WHERE ended_at IS NULL;
CREATE INDEX rebuild_tenant ON control.rebuild (tenant_id, source_id, requested_at DESC);
ALTER TABLE control.rebuild ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.rebuild FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON control.rebuild TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT (rebuild_id, tenant_id, source_id, state, requested_by, requested_at),
  UPDATE (cancel_requested_at) ON control.rebuild TO clarity_tenant;
GRANT SELECT, INSERT, UPDATE ON control.rebuild TO clarity_service;
