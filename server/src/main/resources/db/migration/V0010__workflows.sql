-- Workflows as people define them: a draft, numbered versions that nobody changes, what a version consists of, who may
-- run or edit one, and the tokens of webhooks. The document is the truth; trigger, step and action are written from it
-- when a version is published, so that SQL can ask what uses what.
--
-- People work as clarity_tenant. The engine reads as clarity_engine: across tenants where it looks for work, and held to
-- one tenant where it has named one.
CREATE SCHEMA maestro;
GRANT USAGE ON SCHEMA maestro TO clarity_tenant, clarity_engine;

CREATE TABLE maestro.workflow (
  workflow_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES control.dim_tenant,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  description text CHECK (length(description) <= 2000),
  enabled boolean NOT NULL DEFAULT false,
  -- Text, because a document keeps the order in which people wrote it.
  draft text NOT NULL CHECK (octet_length(draft) <= 1048576),
  -- Rises with every change of this row: what an ETag names.
  revision integer NOT NULL DEFAULT 1 CHECK (revision > 0),
  published_version integer CHECK (published_version > 0),
  created_by uuid REFERENCES control.user_account,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz,
  -- So that what belongs to a workflow names its tenant too, and cannot name another's.
  UNIQUE (tenant_id, workflow_id),
  CHECK (NOT enabled OR published_version IS NOT NULL)
);
CREATE INDEX workflow_list ON maestro.workflow (tenant_id, updated_at DESC, workflow_id DESC) WHERE deleted_at IS NULL;
ALTER TABLE maestro.workflow ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.workflow FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON maestro.workflow TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY engine ON maestro.workflow FOR SELECT TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT, UPDATE (name, description, enabled, draft, revision, published_version, updated_at, deleted_at)
  ON maestro.workflow TO clarity_tenant;
GRANT SELECT ON maestro.workflow TO clarity_engine;

-- A published version never changes: no role has UPDATE or DELETE.
CREATE TABLE maestro.workflow_version (
  tenant_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  document text NOT NULL CHECK (octet_length(document) <= 1048576),
  note text CHECK (length(note) BETWEEN 1 AND 1000),
  -- The version that this one brings back.
  rolled_back_to integer CHECK (rolled_back_to < version),
  published_by uuid REFERENCES control.user_account,
  published_at timestamptz NOT NULL,
  PRIMARY KEY (workflow_id, version),
  UNIQUE (tenant_id, workflow_id, version),
  FOREIGN KEY (tenant_id, workflow_id) REFERENCES maestro.workflow (tenant_id, workflow_id)
);
ALTER TABLE maestro.workflow_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.workflow_version FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON maestro.workflow_version TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY engine ON maestro.workflow_version FOR SELECT TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT ON maestro.workflow_version TO clarity_tenant;
GRANT SELECT ON maestro.workflow_version TO clarity_engine;
-- What is published must be one that exists.
ALTER TABLE maestro.workflow ADD CONSTRAINT workflow_published
  FOREIGN KEY (tenant_id, workflow_id, published_version)
  REFERENCES maestro.workflow_version (tenant_id, workflow_id, version);

CREATE TABLE maestro.trigger (
  trigger_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  version integer NOT NULL,
  -- Its id in the document.
  key text NOT NULL,
  type text NOT NULL,
  config jsonb NOT NULL,
  UNIQUE (workflow_id, version, key),
  FOREIGN KEY (tenant_id, workflow_id, version)
    REFERENCES maestro.workflow_version (tenant_id, workflow_id, version)
);
ALTER TABLE maestro.trigger ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.trigger FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON maestro.trigger TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY engine ON maestro.trigger FOR SELECT TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT ON maestro.trigger TO clarity_tenant;
GRANT SELECT ON maestro.trigger TO clarity_engine;

CREATE TABLE maestro.step (
  step_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  version integer NOT NULL,
  key text NOT NULL,
  type text NOT NULL,
  config jsonb NOT NULL,
  -- Where it stands in the document's list.
  ordinal integer NOT NULL,
  UNIQUE (workflow_id, version, key),
  FOREIGN KEY (tenant_id, workflow_id, version)
    REFERENCES maestro.workflow_version (tenant_id, workflow_id, version)
);
ALTER TABLE maestro.step ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.step FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON maestro.step TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY engine ON maestro.step FOR SELECT TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT ON maestro.step TO clarity_tenant;
GRANT SELECT ON maestro.step TO clarity_engine;

-- The steps that act on the world outside. connection_id is apart from config so that a connection's users are found.
CREATE TABLE maestro.action (
  action_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  version integer NOT NULL,
  key text NOT NULL,
  type text NOT NULL,
  config jsonb NOT NULL,
  connection_id uuid,
  UNIQUE (workflow_id, version, key),
  FOREIGN KEY (workflow_id, version, key) REFERENCES maestro.step (workflow_id, version, key),
  FOREIGN KEY (tenant_id, workflow_id, version)
    REFERENCES maestro.workflow_version (tenant_id, workflow_id, version)
);
CREATE INDEX action_connection ON maestro.action (tenant_id, connection_id) WHERE connection_id IS NOT NULL;
ALTER TABLE maestro.action ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.action FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON maestro.action TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY engine ON maestro.action FOR SELECT TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT ON maestro.action TO clarity_tenant;
GRANT SELECT ON maestro.action TO clarity_engine;

-- What one person may do with one workflow beyond what the role permits. It ends with the membership.
CREATE TABLE maestro.workflow_grant (
  tenant_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  user_id uuid NOT NULL,
  access text NOT NULL CHECK (access IN ('run', 'edit')),
  granted_by uuid REFERENCES control.user_account,
  granted_at timestamptz NOT NULL,
  PRIMARY KEY (workflow_id, user_id),
  FOREIGN KEY (tenant_id, workflow_id) REFERENCES maestro.workflow (tenant_id, workflow_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES control.members (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX workflow_grant_member ON maestro.workflow_grant (tenant_id, user_id);
ALTER TABLE maestro.workflow_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.workflow_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON maestro.workflow_grant TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY engine ON maestro.workflow_grant FOR SELECT TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT, DELETE, UPDATE (access, granted_by, granted_at) ON maestro.workflow_grant TO clarity_tenant;
GRANT SELECT ON maestro.workflow_grant TO clarity_engine;

-- The secret half of a webhook's address. It stays over versions; a rotated one works on until it expires.
CREATE TABLE maestro.webhook_token (
  token_hash bytea PRIMARY KEY,
  tenant_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  trigger_key text NOT NULL,
  encrypted bytea NOT NULL,
  created_at timestamptz NOT NULL,
  -- Null for the one in use.
  expires_at timestamptz,
  FOREIGN KEY (tenant_id, workflow_id) REFERENCES maestro.workflow (tenant_id, workflow_id)
);
-- One is in use at a time; of two who rotate at once the second waits for the first.
CREATE UNIQUE INDEX webhook_token_in_use ON maestro.webhook_token (workflow_id, trigger_key) WHERE expires_at IS NULL;
CREATE INDEX webhook_token_trigger ON maestro.webhook_token (workflow_id, trigger_key);
ALTER TABLE maestro.webhook_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE maestro.webhook_token FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON maestro.webhook_token TO clarity_tenant
  USING (tenant_id = (SELECT control.current_tenant()))
  WITH CHECK (tenant_id = (SELECT control.current_tenant()));
CREATE POLICY engine ON maestro.webhook_token FOR SELECT TO clarity_engine
  USING ((SELECT control.current_tenant()) IS NULL OR tenant_id = (SELECT control.current_tenant()));
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at) ON maestro.webhook_token TO clarity_tenant;
GRANT SELECT (token_hash, tenant_id, workflow_id, trigger_key, expires_at) ON maestro.webhook_token TO clarity_engine;
